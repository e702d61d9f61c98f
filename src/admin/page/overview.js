// The overview answers: is all well, and if not, what do I have to do?
import { actButtons } from "/act.js";
import { announce, el, facts, icon, update } from "/dom.js";
import { chart, PERIODS } from "/chart.js";
import { explain, howToAct } from "/session.js";
import { ago, bytes, count, duration, plural, tone } from "/words.js";

// What one site needs: the text, and the command that mends it.
function needsOfSite(site) {
	const needs = [];
	const { failed, held } = site.counts;
	if (site.paused_at !== 0)
		needs.push({ text: `${site.site} was paused by ${site.paused_by}.`, command: `bentospool resume --site ${site.site}` });
	else if (site.state === "paused")
		needs.push({ text: `${site.site} is paused: ${site.reason}`, command: `bentospool resume --site ${site.site}` });
	if (failed !== "0")
		needs.push({ text: `${site.site}: ${plural(failed, "event")} failed.`, command: `bentospool errors --site ${site.site}` });
	if (held !== "0")
		needs.push({ text: `${site.site}: ${plural(held, "event")} held.`, command: `bentospool list --status held --site ${site.site}` });
	return needs;
}

function needsOf(seen) {
	const needs = [];
	if (!seen.storage.ok)
		needs.push({ text: `New events are refused: ${seen.storage.trouble}`, command: "bentospool doctor" });
	if (seen.sites === null)
		needs.push({ text: "The database cannot be read.", command: "bentospool doctor" });
	if (seen.reload_failed)
		needs.push({ text: "The last reload of the configuration was refused.", command: "bentospool check" });
	return needs.concat(...(seen.sites || []).map(needsOfSite));
}

const pendingOf = (seen) => (seen.sites || []).reduce((n, site) => n + BigInt(site.counts.pending), 0n);

function verdict(needs, pending) {
	if (needs.length > 0)
		return ["bad", `${plural(needs.length, "matter")} for a person.`];
	return pending === 0n ? ["good", "All is well. No event is waiting."] : ["good", `All is well. ${plural(pending, "event")} waiting.`];
}

function needsCard(needs) {
	return el("section.card.needs", { "aria-labelledby": "needs-title", hidden: needs.length === 0 },
		el("h2", { id: "needs-title" }, "Needs a person"),
		el("ul", needs.map((need) => el("li", el("span", need.text), el("code.command", need.command)))));
}

function figure(name, value, more) {
	return el("div.figure", el("dt", name), el("dd", value), el("p", more));
}

function figures(seen, pending) {
	const oldest = (seen.sites || []).filter((site) => site.oldest_pending_id !== "0").map((site) => site.oldest_pending_at);
	const total = (status) => (seen.sites || []).reduce((n, site) => n + BigInt(site.counts[status]), 0n);
	const stuck = total("failed") + total("held");
	return el("dl.figures",
		figure("Waiting", count(pending), oldest.length === 0 ? "nothing is late" : `the oldest for ${duration(seen.now - Math.min(...oldest))}`),
		figure("Delivered", count(total("delivered")), "that the database still has"),
		figure("Failed or held", count(stuck), stuck === 0n ? "nothing was refused" : `${count(total("failed"))} failed, ${count(total("held"))} held`),
		figure("Free on the disk", bytes(seen.storage.free_bytes), `the database has ${bytes(seen.storage.database_bytes)}`));
}

function flow(seen, state, redraw) {
	const series = { ...seen[state.period], end: seen.now };
	const choose = (i) => {
		if (state.at !== i) {
			state.at = i;
			redraw();
		}
	};
	return el("section.card", { "aria-labelledby": "flow-title" },
		el("div.head", el("h2", { id: "flow-title" }, "Events in and out"),
			el("div.segments", { role: "group", "aria-label": "Period of the chart" },
				Object.entries(PERIODS).map(([name, { words }]) => el("button", {
					type: "button", "aria-pressed": String(state.period === name),
					onclick: () => {
						Object.assign(state, { period: name, at: null });
						redraw();
					},
				}, `L${words.slice(1)}`)))),
		chart(series, state.period, state.at, choose));
}

const STATES = { ready: "good", backoff: "wait", paused: "bad" };

function stateInWords(site, now) {
	if (site.paused_at !== 0)
		return `Paused by ${site.paused_by} ${ago(site.paused_at, now)}.`;
	if (site.state === "paused")
		return "Paused: it needs a person.";
	if (site.state !== "backoff")
		return "Events are delivered as they come.";
	return site.next_attempt_at > now ? `The next attempt is in ${duration(site.next_attempt_at - now)}.` : "An attempt is due.";
}

function siteCard(site, now) {
	const reason = site.paused_at !== 0 ? site.pause_note : site.reason;
	const verbs = site.paused_at !== 0 ? ["resume"] : site.state === "ready" ? ["pause"] : ["flush", "pause"];
	const statuses = Object.entries(site.counts).filter(([name, n]) => name === "pending" || n !== "0")
		.map(([name, n]) => [name, el("a", { href: `#/events?site=${encodeURIComponent(site.site)}&status=${name}`, class: tone(name) === "bad" ? "bad" : null }, count(n))]);
	if (site.oldest_pending_id !== "0")
		statuses.splice(1, 0, ["oldest waits", duration(now - site.oldest_pending_at)]);
	return el("article.card.site",
		el("div.head", el("h3", site.site), el("span", { class: `pill ${STATES[site.state]}` }, site.state === "backoff" ? "backing off" : site.state)),
		el("p.small.quiet", stateInWords(site, now)),
		site.state !== "ready" && reason !== "" ? el("p.small.why", reason) : null,
		facts(statuses, "facts right"),
		el("div.buttons", actButtons(verbs.map((verb) => ({ verb, site: site.site })), null, ".small")));
}

function draw(root, seen, state) {
	const needs = needsOf(seen);
	const pending = pendingOf(seen);
	const [mood, words] = verdict(needs, pending);
	update(root,
		el("p", { class: `verdict ${mood}`, id: "verdict" }, icon(mood), el("span", words)),
		needsCard(needs),
		figures(seen, pending),
		flow(seen, state, () => draw(root, seen, state)),
		el("h2.section", "Sites"),
		el("div.grid", (seen.sites || []).map((site) => siteCard(site, seen.now))),
		howToAct());
	return words;
}

export const overview = {
	title: "Overview",
	every: 2000,
	needs: needsOf,
	open(root, context) {
		const state = { period: "hour", at: null };
		const saw = (seen) => announce(draw(root, seen, state));
		const refused = (e) => explain(e, root, context);
		if (context.seen() !== null)
			saw(context.seen());
		else if (context.refused() !== null)
			refused(context.refused());
		return { saw, refused };
	},
};
