src_libbentospool_a_SOURCES += \
	src/report/ages.c \
	src/report/ages.h \
	src/report/complaints.c \
	src/report/complaints.h \
	src/report/event_json.c \
	src/report/event_json.h \
	src/report/event_report.c \
	src/report/event_report.h \
	src/report/forecast.c \
	src/report/forecast.h \
	src/report/listed.c \
	src/report/listed.h \
	src/report/mend.c \
	src/report/mend.h \
	src/report/needs.c \
	src/report/needs_boxes.c \
	src/report/needs.h \
	src/report/reasons.c \
	src/report/reasons.h \
	src/report/requests.c \
	src/report/requests.h \
	src/report/site_state.c \
	src/report/site_state.h \
	src/report/story.c \
	src/report/story.h \
	src/report/tally.c \
	src/report/tally.h
