# The weather simulation: the real dispatcher, with everything around it simulated. box.c stands
# before the library, so that the real outbox is not linked.
check_PROGRAMS += tests/sim/weather
TESTS += tests/sim/weather

tests_sim_weather_SOURCES = tests/sim/main.c tests/sim/world.c tests/sim/plan.c tests/sim/box.c \
	tests/sim/net.c tests/sim/bento.c tests/sim/model.c tests/sim/model_end.c \
	tests/sim/mapping.c \
	tests/sim/weather.h
tests_sim_weather_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mapping_append
tests_sim_weather_LDADD = $(SPOOL_LIBS)
