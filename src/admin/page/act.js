// Changes events and sites: a dialog shows what would happen, asks, makes the change, and offers to undo
// it. The daemon checks each request; hiding a button only spares the person a refusal.
import { send } from "/api.js";
import { el, facts, find, skeleton, update } from "/dom.js";
import { session } from "/session.js";
import { count, plural, sentence } from "/words.js";

const ACT_WAIT_MS = 600000; // a change of millions of events takes minutes
const NOTE_MAX = 1000;

const VERBS = {
	requeue: { past: "requeued", name: "Requeue", does: "Requeued events become pending again and are sent to Bento; their charged attempts are reset." },
	hold: { past: "held", name: "Hold", does: "Held events are not sent until somebody releases them. A request in flight is not interrupted." },
	release: { past: "released", name: "Release", does: "Released events become pending again and are due at once." },
	discard: { past: "discarded", name: "Discard", danger: true, does: "Discarded events are not sent, but they stay on record. Undo or requeue brings them back." },
	undo: { past: "restored", name: "Undo", does: "Each event that has not changed since the operation gets its former status back." },
	pause: { past: "paused", name: "Pause", does: "Events are still accepted and stored; nothing is sent. The pause survives restarts." },
	resume: { past: "resumed", name: "Resume", does: "Ends the pause and tries the site at once." },
	flush: { past: "flushed", name: "Flush", does: "Tries the site now instead of waiting, and makes its delayed events due at once." },
};

// The verbs that change events of a status; of any status for "".
export function verbsFor(status) {
	return { pending: ["hold", "discard"], held: ["release", "requeue", "discard"], failed: ["requeue", "discard"],
		invalid: ["requeue", "discard"], discarded: ["requeue"], unsupported: ["requeue"], delivered: ["requeue"],
		"": ["requeue", "hold", "release", "discard"] }[status] || [];
}

// How many events were left alone, and why; as the verb undo prints it.
function left(answer) {
	const because = { delivered: "delivered in the meantime", settled: "settled in the meantime, not by an operator",
		changed: `changed since, last by operation ${answer.changed_by}: undo that first`, undone: "restored before", gone: "removed by retention" };
	const lines = Object.entries(because).filter(([name]) => BigInt(answer[name] || 0) > 0n);
	return lines.length === 0 ? null : el("ul", lines.map(([name, why]) => el("li", `${count(answer[name])} left unchanged: ${why}`)));
}

function sample(events) {
	if (!events || events.length === 0)
		return null;
	return el("div.sample", el("p.small.quiet", events.length === 1 ? "This event:" : `The first ${events.length}:`),
		el("ul", events.map((event) => el("li", `${event.event_id} `, el("b", event.name || event.kind), event.email ? ` ${event.email}` : "", el("span.quiet", ` ${event.status}`)))));
}

class Dialog {
	constructor(request, done) {
		this.request = request;
		this.verb = VERBS[request.verb];
		this.done = done;
		this.node = find("dialog");
		this.abort = new AbortController();
	}

	show(title, ...content) {
		update(this.node, el("h2", { id: "dialog-title", tabindex: "-1" }, title), content);
		this.node.setAttribute("aria-labelledby", "dialog-title");
		this.node.onclose = () => this.abort.abort();
		if (!this.node.open)
			this.node.showModal();
		this.node.querySelector(".first")?.focus();
	}

	close(label = "Cancel", first = false) {
		return el(first ? "button.first" : "button", { type: "button", onclick: () => this.node.close() }, label);
	}

	async open() {
		this.title = `${this.verb.name} ${this.request.site !== undefined ? this.request.site ?? "every site" : this.request.verb === "undo" ? `operation ${this.request.id}` : "events"}`;
		this.show(`${this.title}?`, skeleton(2), el("div.buttons", this.close("Cancel", true)));
		try {
			this.ask({ events: null, ...await send("/api/act", { ...this.request, dry_run: true }, this.abort.signal) });
		} catch (e) {
			this.fail(e);
		}
	}

	// dry: what the dry run said; events is null for a whole site.
	ask(dry, changed = false) {
		if (dry.events === "0") {
			const undoes = this.request.verb === "undo";
			this.show(undoes ? "Nothing can be undone" : "Nothing matches", el("p", undoes ? "None of the events has its status from the operation any more." : `No matching event can be ${this.verb.past}.`), left(dry), el("div.buttons", this.close("Close", true)));
			return;
		}
		const note = el("input", { name: "note", maxlength: String(NOTE_MAX), autocomplete: "off", placeholder: "optional" });
		const go = dry.events === null ? this.verb.name : `${this.verb.name} ${plural(dry.events, "event")}`;
		this.show(dry.events === null ? `${this.title}?` : `${go}?`,
			changed ? el("p.notice.wait", { role: "alert" }, "More events match now than before. Check the new number.") : null,
			el("p", this.verb.does),
			BigInt(dry.already_delivered || 0) > 0n ? el("p.notice.wait", `This includes ${plural(dry.already_delivered, "delivered event")}, which Bento will receive again.`) : null,
			left(dry), sample(dry.sample),
			el("form", { method: "dialog", onsubmit: (event) => this.go(event, dry) },
				el("label", "Note, recorded with the operation", note),
				el("p.hint", `The operation is recorded as ${session.name} (dashboard).`),
				el("div.buttons", this.close(), el(this.verb.danger ? "button.danger.first" : "button.main.first", go))));
	}

	async go(event, dry) {
		event.preventDefault();
		const note = new FormData(event.target).get("note").trim();
		const request = { ...this.request, ...(note === "" ? {} : { note }), ...(dry.events === null ? {} : { expect: dry.events }) };
		this.show(`${this.verb.name} in progress`, el("p.quiet", "If you close this dialog, the change stops after the current step."), skeleton(1), el("div.buttons", this.close("Stop", true)));
		try {
			this.end(await send("/api/act", request, this.abort.signal, ACT_WAIT_MS));
		} catch (e) {
			if (e.code === "changed_since")
				this.ask({ ...dry, sample: null, events: e.body.events }, true);
			else
				this.fail(e);
		}
		this.done?.();
	}

	end(answer) {
		const id = answer.operation_id && answer.operation_id !== "0" ? answer.operation_id : null;
		const undoable = id !== null && answer.events !== undefined && answer.events !== "0";
		this.show(answer.events === undefined ? `${this.verb.past[0].toUpperCase()}${this.verb.past.slice(1)}` : `${plural(answer.events, "event")} ${this.verb.past}`,
			facts([["Operation", id]]), left(answer),
			this.request.verb === "flush" && answer.paused !== "0" ? el("p.notice.wait", "Sites that an operator paused were not tried. Resume them first.") : null,
			el("div.buttons", undoable ? el("button", { type: "button", onclick: () => act({ verb: "undo", id }, this.done) }, "Undo") : null, this.close("Done", true)));
	}

	fail(e) {
		if (this.abort.signal.aborted)
			return;
		this.show("The request failed", el("p.notice.bad", { role: "alert" }, sentence(e.message)), el("div.buttons", this.close("Close", true)));
	}
}

// request: { verb, filter } or { verb: "undo", id } or { verb, site }; done() is called after a change.
export function act(request, done) {
	return new Dialog(request, done).open();
}

// A button for each verb; nothing for those who may not act.
export function actButtons(requests, done, size = "") {
	if (!session.may_act)
		return null;
	return requests.map((request) => el(`button${size}`, { type: "button", onclick: () => act(request, done) }, VERBS[request.verb].name));
}
