// The screen Operations: who did what, to how many events, why, and can it be undone?
import { query, read } from "/api.js";
import { act } from "/act.js";
import { optionsOf } from "/filter.js";
import { el, facts, skeleton, update } from "/dom.js";
import { explain, howToAct, session } from "/session.js";
import { count, plural, when } from "/words.js";

const UNDOABLE = ["requeue", "hold", "release", "discard", "expire", "undo"];
const COLUMNS = [["Number", "number"], ["When"], ["Who"], ["What"], ["Filter and note"], [""]];
const CELLS = ["number of-id", "nowrap of-received", "of-email", "of-name", "of-why", "of-status"];

function undo(operation, reload) {
	if (operation.undone_by !== "0")
		return el("a.small", { href: `#/operations/${operation.undone_by}` }, `undone by ${operation.undone_by}`);
	if (!session.may_act || !UNDOABLE.includes(operation.verb) || operation.events === "0")
		return null;
	return el("button.small", { type: "button", "aria-label": `Undo operation ${operation.operation_id}`, onclick: () => act({ verb: "undo", id: operation.operation_id }, reload) }, "Undo");
}

function what(operation) {
	return operation.events === "0" && !UNDOABLE.includes(operation.verb) ? operation.verb : `${operation.verb}, ${plural(operation.events, "event")}`;
}

// The filter as a person gave it: the page adds a limit of its own, the number that its dialog showed.
function filterWords({ actor, filter }) {
	const { limit, ...given } = filter || {};
	return optionsOf(limit === undefined || actor.endsWith(" (dashboard)") ? given : filter);
}

function row(operation, reload) {
	const link = el("a", { href: `#/operations/${operation.operation_id}` }, operation.operation_id);
	const filter = filterWords(operation);
	const cells = [link, when(operation.at), operation.actor, what(operation),
		[filter === "" ? null : el("div.mono", filter), operation.note ? el("div", operation.note) : null], undo(operation, reload)];
	return el("tr", cells.map((cell, i) => el("td", { class: CELLS[i] }, cell)));
}

class Operations {
	constructor(root, context) {
		this.root = root;
		this.context = context;
		this.before = "";
	}

	async load(before = this.before) {
		this.before = before;
		try {
			this.draw(await read(`/api/operations${query({ before })}`, this.context.signal));
		} catch (e) {
			explain(e, this.root, this.context);
		}
	}

	list(page) {
		if (page.operations.length === 0)
			return el("p.empty", "There are no operations yet. Each requeue, hold, pause or other change is listed here.");
		return el("div.wide", el("table.cards.short",
			el("thead", el("tr", COLUMNS.map(([name, kind]) => el("th", { scope: "col", class: kind || null }, name || el("span.unseen", "Undo"))))),
			el("tbody", page.operations.map((operation) => row(operation, () => this.load())))));
	}

	draw(page) {
		update(this.root, el("p.lead", "Who changed what, newest first."),
			el("section.card", { "aria-label": "Operations" }, this.list(page),
				this.before === "" && !page.more ? null : el("div.under", el("span"), el("div.buttons",
					el("button.small", { type: "button", disabled: this.before === "", onclick: () => this.load("") }, "Newest"),
					el("button.small", { type: "button", disabled: !page.more, onclick: () => this.load(page.operations.at(-1).operation_id) }, "Older")))),
			howToAct());
	}
}

// The statuses of the events before the operation, and some of the events.
function earlier({ before, sample }) {
	const lines = Object.entries(before || {});
	if (lines.length === 0)
		return null;
	return [el("h2.section", "Status before"),
		el("ul", lines.map(([status, n]) => el("li", `${plural(n, "event")} ${n === "1" ? "was" : "were"} `, el("b", status)))),
		sample.length === 0 ? null : el("p.small", "Examples: ", sample.map((id, i) => [i === 0 ? "" : ", ", el("a", { href: `#/event/${id}` }, `event ${id}`)]))];
}

async function loadOne(root, context) {
	try {
		const { operation, ...rest } = await read(`/api/operation${query({ id: context.where.rest })}`, context.signal);
		update(root, el("section.card",
			facts([["What", operation.verb], ["When", when(operation.at)], ["Who", operation.actor], ["Events", count(operation.events)],
				["Filter", filterWords(operation)], ["Note", operation.note], ["Undone by", operation.undone_by === "0" ? null : operation.undone_by]]),
			earlier(rest),
			el("div.under", el("a", { href: "#/operations" }, "All operations"), undo(operation, () => loadOne(root, context)))), howToAct());
	} catch (e) {
		explain(e, root, context);
	}
}

export const operations = {
	title: "Operations",
	titleOf: (where) => where.rest === "" ? "Operations" : `Operation ${where.rest}`,
	open(root, context) {
		update(root, el("section.card", skeleton(5)));
		if (context.where.rest === "")
			new Operations(root, context).load();
		else
			loadOne(root, context);
		return {};
	},
};
