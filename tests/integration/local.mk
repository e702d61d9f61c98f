# Tests of the whole program; each topic is a script that uses tests/lib/spooltest.py. They need
# python3 and skip on a machine that lacks what they need.
# First those that take longest.
INTEGRATION_TESTS = \
	tests/integration/test_dashboard_page.py \
	tests/integration/test_dashboard_events.py \
	tests/integration/test_dashboard_dialogs.py \
	tests/integration/test_recover.py \
	tests/integration/test_look.py \
	tests/integration/test_reload.py \
	tests/integration/test_policy.py \
	tests/integration/test_alarm.py \
	tests/integration/test_refusals.py \
	tests/integration/test_replay.py \
	tests/integration/test_torture.py \
	tests/integration/test_manual.py \
	tests/integration/test_tls_renewal.py \
	tests/integration/test_adopt.py \
	tests/integration/test_audit.py \
	tests/integration/test_bad_input.py \
	tests/integration/test_check.py \
	tests/integration/test_cli.py \
	tests/integration/test_client_certificate.py \
	tests/integration/test_clients.py \
	tests/integration/test_clock.py \
	tests/integration/test_curl.py \
	tests/integration/test_delivery.py \
	tests/integration/test_doctor.py \
	tests/integration/test_dashboard.py \
	tests/integration/test_dashboard_acts.py \
	tests/integration/test_dashboard_data.py \
	tests/integration/test_dashboard_doctor.py \
	tests/integration/test_dashboard_logins.py \
	tests/integration/test_dashboard_proxy.py \
	tests/integration/test_dashboard_trouble.py \
	tests/integration/test_doctor_disk.py \
	tests/integration/test_documents.py \
	tests/integration/test_erase.py \
	tests/integration/test_failover.py \
	tests/integration/test_first.py \
	tests/integration/test_fleet.py \
	tests/integration/test_fleet_boxes.py \
	tests/integration/test_fleet_link.py \
	tests/integration/test_fullness.py \
	tests/integration/test_hardening.sh \
	tests/integration/test_import.py \
	tests/integration/test_identity.py \
	tests/integration/test_metrics.py \
	tests/integration/test_morning.py \
	tests/integration/test_move.py \
	tests/integration/test_bento_api.py \
	tests/integration/test_kinds.py \
	tests/integration/test_senders.py \
	tests/integration/test_restart.py \
	tests/integration/test_restore.py \
	tests/integration/test_retention.py \
	tests/integration/test_rules.py \
	tests/integration/test_sdk.py \
	tests/integration/test_service.py \
	tests/integration/test_sites.py \
	tests/integration/test_sql.py \
	tests/integration/test_site_control.py \
	tests/integration/test_tls.py \
	tests/integration/test_tls_admin.py \
	tests/integration/test_tls_clients.py \
	tests/integration/test_verbs.py \
	tests/integration/test_webhook.py

TESTS += $(INTEGRATION_TESTS)
EXTRA_DIST += $(INTEGRATION_TESTS) tests/lib/python.sh tests/lib/spooladmin.py tests/lib/spoolhttp.py tests/lib/spoolfleet.py tests/lib/spoollink.py tests/lib/spoolproxy.py \
	tests/lib/spoolbrowser.py tests/lib/spoolchecksum.py tests/lib/spoolclock.py tests/lib/spooldashboard.py tests/lib/spooldoctor.py tests/lib/spoolhistory.py tests/lib/spoolmount.py tests/lib/spoolother.py tests/lib/spoolpages.py tests/lib/spoolscreen.py tests/lib/spooltest.py tests/lib/spooltls.py tests/lib/truths.sql tests/lib/wall_clock.c \
	tests/sdk/bento.mjs tests/sdk/clients.mjs tests/sdk/package.json tests/sdk/page.html tests/sdk/rudder.html tests/sdk/send.mjs \
	tests/data/alerts.yml \
	tests/data/bento-clients.jsonl \
	tests/data/01-identify-ann.json \
	tests/data/02-track-signed-up.json \
	tests/data/03-track-product-added.json \
	tests/data/04-track-order-completed.json \
	tests/data/05-batch-afternoon.json \
	tests/data/06-track-without-name.json \
	tests/data/07-track-without-email.json
