// The screen Events: what became of the events that I look for? A search starts with the newest events
// and stops after a short time; a cursor continues it.
import { query, read } from "/api.js";
import { actButtons, verbsFor } from "/act.js";
import { el, skeleton, update } from "/dom.js";
import { filterOf, valuesOf } from "/filter.js";
import { explain, howToAct, session } from "/session.js";
import { count, plural, tone, when } from "/words.js";

const STATUSES = ["pending", "delivered", "failed", "held", "invalid", "unsupported", "discarded"];
const KINDS = ["track", "identify", "page", "screen", "group", "alias", "delete", "bento", "subscriber"];
const LIMIT = 50;

function choice(label, name, options, value) {
	return el("label", label, el("select", { name }, el("option", { value: "" }, "any"),
		options.map((option) => el("option", { value: option, selected: option === value }, option))));
}

function field(label, name, value, placeholder, type = "text") {
	return el("label", label, el("input", { name, value, placeholder, type, autocomplete: "off", spellcheck: "false", step: type === "datetime-local" ? "1" : null }));
}

// "2026-11-30T07:40:00.000Z" as the field of a local time has it.
function localTime(text) {
	const at = Date.parse(text);
	return Number.isNaN(at) ? "" : when(at).replace(" ", "T");
}

function filters(values, sites, boxes, go) {
	const submit = (event) => {
		event.preventDefault();
		const chosen = Object.fromEntries(new FormData(event.target));
		for (const name of ["since", "until"])
			chosen[name] = chosen[name] === "" ? "" : new Date(chosen[name]).toISOString();
		go(chosen);
	};
	return el("form.filters", { onsubmit: submit, "aria-label": "Filters" },
		sites.length > 1 ? choice("Site", "site", sites, values.site) : null,
		choice("Status", "status", STATUSES, values.status),
		choice("Kind", "kind", KINDS, values.kind),
		field("Name", "name", values.name, "Order*"),
		field("Address", "email", values.email, "*@example.com"),
		field("messageId", "message_id", values.message_id, "exact"),
		field("Reason", "reason", values.reason, "refused"),
		field("Error", "error", values.error, "*refused*"),
		field("HTTP status", "http_status", values.http_status, "422"),
		boxes.length > 0 ? choice("Box", "via", boxes, values.via) : null,
		field("Received since", "since", localTime(values.since), "", "datetime-local"),
		field("Received before", "until", localTime(values.until), "", "datetime-local"),
		el("div.buttons", el("button.main", "Search"), el("button", { type: "button", onclick: () => go({}) }, "Clear")));
}

const COLUMNS = [["Event", "number"], ["Received"], ["Name"], ["Address"], ["Status"], ["Reason"]];

// Why the event is not delivered: the reason in words, and Bento's error.
function why({ words, error, status }) {
	if (status === "delivered")
		return null;
	return [words ? el("div", words) : null, error && error !== words ? el("div.cell-sub", error) : null];
}

function row(event, many) {
	const link = `#/event/${event.event_id}`;
	return el("tr.goes", { onclick: (click) => {
		if (!click.target.closest("a") && getSelection().isCollapsed)
			location.hash = link;
	} },
	el("td.number.of-id", el("a", { href: link, "aria-label": `Event ${event.event_id}` }, event.event_id)),
	el("td.nowrap.of-received", when(event.received_at)),
	el("td.of-name", el("div.cell-name", event.name || event.kind), el("div.cell-sub", many ? `${event.kind}, ${event.site}` : event.kind)),
	el("td.of-email", event.email || ""),
	el("td.of-status", el("span", { class: `pill ${tone(event.status)}` }, event.status)),
	el("td.small.of-why", why(event)));
}

function found(page, before) {
	if (page.count === null)
		return `Events before ${count(before)}`;
	return page.count_more ? `More than ${plural(page.count, "event")}` : plural(page.count, "event");
}

function changes(values, reload) {
	const filter = filterOf(values);
	if (Object.keys(filter).length === 0)
		return session.may_act ? el("p.quiet.small", "Choose a filter to change all events that match it.") : howToAct();
	return session.may_act ? el("div.buttons", { role: "group", "aria-label": "Change all that match" },
		actButtons(verbsFor(values.status).map((verb) => ({ verb, filter })), reload, ".small")) : howToAct();
}

class Events {
	constructor(root, context) {
		this.root = root;
		this.context = context;
		this.values = valuesOf(context.where.query);
		this.before = context.where.query.get("before") || "";
	}

	// The names of sites or boxes in the overview, for a list to choose from.
	known(list, name) {
		return [...new Set((this.context.seen()?.[list] || []).map((one) => one[name]))];
	}

	isFiltered() {
		return Object.values(this.values).some((value) => value !== "");
	}

	go(values, before = "") {
		location.hash = `#/events${query({ ...values, before })}`;
	}

	async load() {
		try {
			this.page = await read(`/api/events${query({ ...this.values, before: this.before, limit: LIMIT })}`, this.context.signal);
			this.draw();
		} catch (e) {
			explain(e, this.results, this.context);
		}
	}

	list() {
		const { page } = this;
		if (page.events.length === 0)
			return el("p.empty", page.before ? "No match so far. Continue to search older events."
				: this.isFiltered() ? "No event matches. In a name or an address, * stands for any text."
					: "No event has arrived yet. Post one, or run bentospool send.");
		const many = new Set(page.events.map((event) => event.site)).size > 1;
		return el("div.wide", el("table.cards.short",
			el("thead", el("tr", COLUMNS.map(([name, kind]) => el("th", { scope: "col", class: kind || null }, name)))),
			el("tbody", page.events.map((event) => row(event, many)))));
	}

	pager() {
		const { page } = this;
		if (this.before === "" && !page.before)
			return null;
		return el("div.under",
			el("p.quiet.small", page.searched_to === null ? "" : `This search takes longer: so far it covers all events back to ${count(page.searched_to)}.`),
			el("div.buttons",
				el("button.small", { type: "button", disabled: this.before === "", onclick: () => this.go(this.values) }, "Newest"),
				el("button.small", { type: "button", disabled: !page.before, onclick: () => this.go(this.values, page.before) }, page.events.length === 0 ? "Continue" : "Older")));
	}

	draw() {
		update(this.results, el("section.card", { "aria-labelledby": "found" },
			el("div.head", el("h2", { id: "found", role: "status" }, found(this.page, this.before)), changes(this.values, () => this.load())),
			this.list(), this.pager()));
	}

	open() {
		this.results = el("div", el("section.card", skeleton(6)));
		update(this.root, el("section.card", el("details.find", { open: this.isFiltered() || matchMedia("(min-width: 48rem)").matches },
			el("summary", "Find"), filters(this.values, this.known("sites", "site"), this.known("boxes", "box"), (values) => this.go(values)))), this.results);
		this.load();
	}
}

export const events = {
	title: "Events",
	open(root, context) {
		new Events(root, context).open();
		return {};
	},
};
