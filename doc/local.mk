EXTRA_DIST += doc/bentospool.conf.example
