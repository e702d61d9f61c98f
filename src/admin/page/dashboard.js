// The frame of the page: the screen that the hash names, and the small request that keeps the page current.
// A hidden page sends no requests.
import { read } from "/api.js";
import { el, find, skeleton, update } from "/dom.js";
import { errors } from "/errors.js";
import { event } from "/event.js";
import { events } from "/events.js";
import { operations } from "/operations.js";
import { overview } from "/overview.js";
import { login, refresh } from "/session.js";
import { storage } from "/storage.js";

const screens = { overview, events, event, errors, operations, storage, login };
const SLOW_MS = 10000; // between two requests while a screen other than the overview is open

let open = null; // { name, screen, leave }
let seen = null; // the last overview
let refused = null; // why there is none: a login is needed at this address
let timer = 0;

function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text; // a person may have typed the address
	}
}

// "#/events?status=failed" or "#/event/7": the name of the screen, the part after the name, the filters.
function place() {
	const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
	const [name, rest = ""] = path.split("/");
	return { name: name || "overview", rest: decoded(rest), query: new URLSearchParams(query) };
}

function markPlace(name) {
	for (const link of document.querySelectorAll("[data-screen]"))
		if (link.dataset.screen === name)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
}

function show(focus) {
	const where = place();
	const screen = screens[where.name] || null;
	open?.leave.abort();
	const leave = new AbortController();
	const root = el("div");
	open = { name: where.name, screen, leave };
	find("title").textContent = screen?.titleOf?.(where) || screen?.title || "Page not found";
	document.title = `${find("title").textContent} - bentospool`;
	find("screen").replaceChildren(root);
	markPlace(screen?.under || where.name);
	if (screen === null)
		update(root, el("p.lead", "There is no page at this address. ", el("a", { href: "#/" }, "Go to the overview.")));
	else {
		update(root, el("div.card", skeleton(4)));
		open.shown = screen.open(root, { where, signal: leave.signal, seen: () => seen, refused: () => refused, again: () => show(true) });
	}
	if (focus) {
		find("title").focus({ preventScroll: true });
		scrollTo(0, 0);
	}
	soon();
}

function showLost(lost) {
	find("lost").hidden = !lost;
	find("lost").textContent = lost ? "The daemon does not answer. The data on this page is out of date." : "";
}

function badge(name, n) {
	const link = document.querySelector(`[data-screen="${name}"]`);
	const present = link.querySelector(".count");
	if (n === 0)
		present?.remove();
	else if (present)
		present.textContent = String(n);
	else
		link.append(el("b.count", String(n)));
}

async function load() {
	try {
		seen = await read("/api/overview");
		refused = null;
	} catch (e) {
		refused = e.status === 401 || e.status === 403 ? e : null;
		showLost(refused === null);
		if (refused !== null)
			open?.shown?.refused?.(refused);
		return;
	}
	showLost(false);
	badge("overview", overview.matters(seen));
	open?.shown?.saw?.(seen);
}

async function keepLoading() {
	if (!document.hidden)
		await load();
	clearTimeout(timer);
	timer = setTimeout(keepLoading, open.screen?.every || SLOW_MS);
}

// Asks now, and then at the usual interval.
function soon() {
	clearTimeout(timer);
	timer = setTimeout(keepLoading, 0);
}

find("skip").addEventListener("click", (event) => {
	event.preventDefault();
	find("title").focus();
});
addEventListener("hashchange", () => show(true));
document.addEventListener("visibilitychange", () => document.hidden || soon());
// Without an answer the page still shows its frame, and says that the daemon does not answer.
Promise.allSettled([refresh(), load()]).then(() => show(false));
