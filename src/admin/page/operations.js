// The operations answer: who did what, to how many events, and can it be undone?
import { read } from "/api.js";
import { el, update } from "/dom.js";
import { explain } from "/session.js";
import { count, when } from "/words.js";

const COLUMNS = [["Number", "number"], ["When"], ["Who"], ["What"], ["Events", "number"], ["Undone by", "number"]];

function row(operation) {
	const cells = [operation.operation_id, when(operation.at), operation.actor, operation.verb,
		count(operation.events), operation.undone_by === "0" ? "" : operation.undone_by];
	return el("tr", cells.map((cell, i) => el("td", { class: COLUMNS[i][1] || null, "data-title": COLUMNS[i][0] }, cell)));
}

function table(list) {
	return el("table.cards",
		el("thead", el("tr", COLUMNS.map(([name, kind]) => el("th", { scope: "col", class: kind || null }, name)))),
		el("tbody", list.map(row)));
}

function pager(page, before, load) {
	const oldest = page.operations.at(-1);
	return el("div.under",
		el("p.quiet.small", "bentospool operations ID shows one with its filter and note."),
		before === "" && !page.more ? null : el("div.buttons",
			el("button.small", { type: "button", disabled: before === "", onclick: () => load("") }, "Newest"),
			el("button.small", { type: "button", disabled: !page.more, onclick: () => load(oldest.operation_id) }, "Older")));
}

async function load(root, before, context) {
	try {
		const page = await read(`/api/operations${before && `?before=${before}`}`, context.signal);
		update(root, el("p.lead", "Who changed what, newest first."),
			el("section.card", { "aria-label": "Operations" },
				page.operations.length === 0 ? el("p.empty", "Nobody has changed anything yet. Requeue, hold, pause and the other verbs leave a row here.")
					: [el("div.wide", table(page.operations)), pager(page, before, (next) => load(root, next, context))]));
	} catch (e) {
		explain(e, root, context);
	}
}

export const operations = {
	title: "Operations",
	open(root, context) {
		load(root, "", context);
		return {};
	},
};
