EXTRA_DIST += doc/bentospool.conf.example doc/bentospool.service
