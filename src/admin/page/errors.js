// The screen Errors: what does Bento complain about, how often, and what is the remedy?
import { query, read } from "/api.js";
import { actButtons } from "/act.js";
import { el, skeleton, update } from "/dom.js";
import { placeOf } from "/filter.js";
import { explain, howToAct } from "/session.js";
import { count, plural, sentence, tone, when } from "/words.js";

function heading(error) {
	return [el("b.count-of", count(error.events)), ` ${error.events === "1" ? "event" : "events"} `,
		el("span", { class: `pill ${tone(error.status)}` }, error.status || "others"),
		error.http_status ? ` HTTP ${error.http_status}` : "", error.site ? el("span.quiet", ` ${error.site}`) : null];
}

function span(error) {
	return error.first_at === error.last_at ? when(error.last_at) : `${when(error.first_at)} to ${when(error.last_at)}`;
}

function card(error, reload) {
	const { mend } = error;
	return el("article.card.error",
		el("h2", heading(error)),
		error.error ? el("p.said", error.error) : null,
		error.words ? el("p", sentence(error.words)) : null,
		mend?.why ? el("p", sentence(mend.why)) : null,
		mend?.command ? el("p", el("code.command", mend.command)) : null,
		el("div.under", el("p.quiet.small", span(error)),
			el("div.buttons",
				el("a.button.small", { href: `#/event/${error.example.event_id}` }, "Newest event"),
				mend?.filter ? el("a.button.small", { href: placeOf(mend.filter) }, "Whole group") : null,
				mend?.verb ? actButtons([{ verb: mend.verb, filter: mend.filter }], reload, mend.verb === "discard" ? ".small" : ".main.small") : null)));
}

async function load(root, context) {
	try {
		const page = await read(`/api/errors${query({ site: context.where.query.get("site") || "" })}`, context.signal);
		const n = page.errors.reduce((sum, error) => sum + BigInt(error.events), 0n);
		update(root,
			el("p.lead", n === 0n ? "Nothing failed." : `${plural(n, "event")} in ${plural(page.errors.length, "group")}, by the error of Bento or of the checks.`),
			page.complete === false ? el("p.notice.wait", "There are too many failures to count here: these are the newest. Run bentospool errors to count all of them.") : null,
			page.errors.length === 0 ? el("section.card", el("p.empty", "Bento has accepted every event that was sent, and every event could be read. If Bento refuses an event, its error appears here with a remedy.")) : null,
			page.errors.map((error) => card(error, () => load(root, context))), page.errors.length > 0 ? howToAct() : null);
	} catch (e) {
		explain(e, root, context);
	}
}

export const errors = {
	title: "Errors",
	open(root, context) {
		update(root, el("section.card", skeleton(4)));
		load(root, context);
		return {};
	},
};
