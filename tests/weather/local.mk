# The weather simulation: the real dispatcher, with everything around it simulated.
check_PROGRAMS += tests/weather/weather
TESTS += tests/weather/weather

tests_weather_weather_SOURCES = tests/weather/main.c tests/weather/world.c tests/weather/plan.c tests/weather/box.c \
	tests/weather/net.c tests/weather/bento.c tests/weather/model.c tests/weather/model_end.c \
	tests/weather/composer.c \
	tests/weather/weather.h
tests_weather_weather_LDADD = $(SPOOL_LIBS)
