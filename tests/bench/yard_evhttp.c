/*
 * A yardstick: libevent's evhttp with a handler that only reads the request and answers 200. It
 * shows what a single-threaded server without any promise can reach on this machine.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

static void
answer(struct evhttp_request *request, void *arg)
{
	struct evbuffer *body = arg;

	evbuffer_add(body, "{\"success\": true}", 17);
	evhttp_add_header(
	    evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evhttp_send_reply(request, 200, "OK", body);
}

static void
stop(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

static int
print_address(struct evhttp_bound_socket *bound)
{
	struct sockaddr_in sin;
	socklen_t n = sizeof(sin);

	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sin, &n) != 0)
		return -1;
	printf("listening on http://127.0.0.1:%u\n", ntohs(sin.sin_port));
	return fflush(stdout);
}

static int
serve(struct event_base *base, struct evhttp *http, struct evbuffer *body)
{
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	struct event *on_term = evsignal_new(base, SIGTERM, stop, base);
	int rc = -1;

	evhttp_set_max_body_size(http, 64 << 20);
	evhttp_set_gencb(http, answer, body);
	if (bound != NULL && on_term != NULL && event_add(on_term, NULL) == 0
	    && print_address(bound) == 0)
		rc = event_base_dispatch(base);
	if (on_term != NULL)
		event_free(on_term);
	return rc < 0 ? -1 : 0;
}

int
main(void)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base == NULL ? NULL : evhttp_new(base);
	struct evbuffer *body = evbuffer_new();
	int rc = -1;

	if (http != NULL && body != NULL)
		rc = serve(base, http, body);
	if (rc != 0)
		fprintf(stderr, "yard_evhttp: cannot listen on 127.0.0.1\n");
	if (body != NULL)
		evbuffer_free(body);
	if (http != NULL)
		evhttp_free(http);
	if (base != NULL)
		event_base_free(base);
	return rc == 0 ? 0 : 1;
}
