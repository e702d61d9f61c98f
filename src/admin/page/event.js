// The screen of one event: what happened to it, in which order, and what exactly was sent? The body is
// shown only after a click, because it may contain personal data.
import { query, read, readText } from "/api.js";
import { actButtons, verbsFor } from "/act.js";
import { el, facts, skeleton, update } from "/dom.js";
import { explain, howToAct } from "/session.js";
import { ago, bytes, plural, tone, when } from "/words.js";

const TONES = { plain: "quiet", good: "good", waiting: "wait", bad: "bad" };

function moment(one) {
	return el("li", { class: TONES[one.look] },
		el("p.what", one.title),
		el("p.when", `${when(one.at)}, ${ago(one.at)}`),
		one.words ? el("p.says", one.words) : null,
		one.response ? el("details", el("summary.small", "Bento's answer"), el("pre.bytes", one.response)) : null,
		one.note ? el("p.says", `Note: ${one.note}`) : null,
		one.operation_id ? el("p.small", el("a", { href: `#/operations/${one.operation_id}` }, `operation ${one.operation_id}`)) : null);
}

// Returns JSON on lines of its own, with the same tokens: a number keeps its digits. null for other texts.
export function indented(text) {
	try {
		JSON.parse(text);
	} catch {
		return null;
	}
	let out = "";
	let depth = 0;
	let opened = false; // the token before opened an object or a list
	const line = () => `\n${"  ".repeat(depth)}`;
	for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs)) {
		const closes = token === "}" || token === "]";
		depth -= closes;
		if (opened !== closes)
			out += line();
		out += token === "," ? `,${line()}` : token === ":" ? ": " : token;
		opened = token === "{" || token === "[";
		depth += opened;
	}
	return out;
}

function sentWords(sent) {
	if (!sent.possible)
		return `Nothing can be sent: ${sent.cannot}.`;
	return sent.exact ? `${bytes(sent.bytes)}, exactly as sent to ${sent.to} by attempt ${sent.attempt_id}.` : `${bytes(sent.bytes)} would be sent to ${sent.to} with the current settings.`;
}

class Event {
	constructor(root, context) {
		this.root = root;
		this.context = context;
		this.id = context.where.rest;
		this.shown = {};
	}

	async load() {
		try {
			this.data = await read(`/api/event${query({ id: this.id })}`, this.context.signal);
			this.draw();
		} catch (e) {
			explain(e, this.root, this.context, el("p", el("a", { href: "#/events" }, "All events")));
		}
	}

	async reveal(name) {
		try {
			const text = await readText(`/api/event/${name}${query({ id: this.id })}`, this.context.signal);
			this.shown[name] = { text };
		} catch (e) {
			this.shown[name] = { trouble: e.message };
		}
		this.draw();
	}

	// The buttons beside a text that is shown.
	choices(name, shown) {
		const turn = (change) => () => {
			change();
			this.draw();
		};
		return el("div.buttons",
			indented(shown.text) === null ? null : el("button.small", { type: "button", "aria-pressed": String(!!shown.indented),
				onclick: turn(() => shown.indented = !shown.indented) }, shown.indented ? "Original" : "Indent"),
			el("button.small", { type: "button", onclick: turn(() => delete this.shown[name]) }, "Hide"));
	}

	part(name, title, words, button) {
		const shown = this.shown[name];
		const text = shown?.text;
		return el("section.card", { "aria-labelledby": `${name}-title` },
			el("div.head", el("h2", { id: `${name}-title` }, title),
				text === undefined ? el("button.small", { type: "button", onclick: () => this.reveal(name) }, button) : this.choices(name, shown)),
			el("p.quiet.small", words),
			shown?.trouble ? el("p.notice", { role: "alert" }, shown.trouble) : null,
			text === undefined ? null : el("pre.bytes", { tabindex: "0", "aria-labelledby": `${name}-title` }, shown.indented ? indented(text) : text));
	}

	draw() {
		const { event, timeline, body_bytes: size, sent } = this.data;
		const verbs = verbsFor(event.status).map((verb) => ({ verb, filter: { id: [event.event_id] } }));
		update(this.root,
			el("p.verdict", el("span", { class: `pill ${tone(event.status)}` }, event.status), event.words || event.reason || ""),
			el("div.pair", el("section.card", { "aria-labelledby": "facts-title" },
				el("div.head", el("h2", { id: "facts-title" }, event.name || event.kind),
					el("div.buttons", actButtons(verbs, () => this.load(), ".small"))),
				facts([["Site", event.site], ["Kind", event.kind], ["Address", event.email], ["messageId", event.message_id],
					["Received", when(event.received_at)], ["Occurred", when(event.occurred_at)],
					["Forwarded by box", event.via], ["Next attempt", when(event.next_attempt_at)], ["Settled", when(event.settled_at)],
					["Charged attempts", String(event.attempts)], ["Detail", event.detail],
					["Maybe sent", Number(event.maybe_sent) > 0 ? `Bento may have received it ${plural(event.maybe_sent, "time")} without confirming it` : null]]),
				howToAct()),
			el("section.card", { "aria-labelledby": "story-title" }, el("h2", { id: "story-title" }, "What happened"), el("ol.story", timeline.map(moment)))),
			this.part("body", "What the application sent", size === null ? "Retention has removed the body." : `${bytes(size)}, as received. The body may contain personal data.`, "Show the body"),
			this.part("sent", "What is sent", sentWords(sent), "Show what is sent"));
	}
}

export const event = {
	title: "Event",
	under: "events",
	titleOf: (where) => `Event ${where.rest}`,
	open(root, context) {
		const screen = new Event(root, context);
		update(root, el("section.card", skeleton(5)));
		screen.load();
		return {};
	},
};
