src_libbentospool_a_SOURCES += \
	src/term/keyboard.c \
	src/term/keyboard.h \
	src/term/pretty.c \
	src/term/pretty.h \
	src/term/progress.c \
	src/term/progress.h \
	src/term/prompt.c \
	src/term/prompt.h \
	src/term/table.c \
	src/term/table.h \
	src/term/terminal.c \
	src/term/terminal.h \
	src/term/when.c \
	src/term/when.h
