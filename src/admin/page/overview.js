// The screen Overview: is all well, and if not, what do I have to do?
import { actButtons } from "/act.js";
import { announce, el, facts, icon, skeleton, update } from "/dom.js";
import { chart, PERIODS } from "/chart.js";
import { explain, howToAct } from "/session.js";
import { roomInWords } from "/storage.js";
import { ago, bytes, count, duration, plural, rate, tone } from "/words.js";

const sitesOf = (seen) => seen.sites || [];
const total = (seen, status) => sitesOf(seen).reduce((n, site) => n + BigInt(site.counts[status]), 0n);

const mattersOf = (seen) => seen.needs.length + seen.needs_hidden;

function verdict(seen) {
	const pending = total(seen, "pending");
	const matters = mattersOf(seen);
	if (matters > 0)
		return ["bad", `${plural(matters, "problem")} ${matters === 1 ? "needs" : "need"} attention.`];
	return ["good", pending === 0n ? "All is well. No event is waiting." : `All is well. ${plural(pending, "event")} waiting.`];
}

// The sentence of a need often ends with its command, which then stands beside it.
function need({ text, command, screen }) {
	const ends = command && text.endsWith(`: ${command}`);
	return el("li", el("span", ends ? text.slice(0, -command.length - 2) : text),
		command && (ends || !text.includes(command)) ? el("code.command", command) : null,
		screen ? el("a", { href: screen }, "Details") : null);
}

function needsCard(needs, hidden) {
	return el("section.card.needs", { "aria-labelledby": "needs-title", hidden: needs.length + hidden === 0 },
		el("h2", { id: "needs-title" }, "Needs attention"),
		el("ul", needs.map(need), hidden === 0 ? null : el("li", el("span", `${plural(hidden, "more problem")} may contain personal data: `, el("a", { href: "#/login" }, "log in"), " to see the details."))));
}

function figure(name, value, more) {
	return el("div.figure", el("dt", name), el("dd", { class: /\d/.test(value) ? null : "words" }, value), el("p", more));
}

function oldest(seen) {
	const times = sitesOf(seen).filter((site) => site.oldest_pending_id !== "0").map((site) => site.oldest_pending_at);
	return times.length === 0 ? "no backlog" : `oldest: ${duration(seen.now - Math.min(...times))}`;
}

// When the last of the sites has drained, or why one never will.
function drained(seen) {
	const waiting = sitesOf(seen).filter((site) => site.counts.pending !== "0" && site.forecast);
	const never = waiting.find((site) => site.forecast.drain_ms === null);
	if (waiting.length === 0)
		return ["now", "no backlog"];
	if (never)
		return ["not known", `${never.site}: ${never.forecast.because}`];
	return [`in ${duration(Math.max(...waiting.map((site) => site.forecast.drain_ms)))}`, "at the current rate"];
}

function figures(seen) {
	const sum = (name) => sitesOf(seen).reduce((n, site) => n + (site.forecast?.[name] || 0), 0);
	const stuck = total(seen, "failed") + total(seen, "held");
	return el("dl.figures",
		figure("Waiting", count(total(seen, "pending")), oldest(seen)),
		figure("In per minute", rate(sum("in_per_minute")), "over 15 minutes"),
		figure("Out per minute", rate(sum("out_per_minute")), "over 15 minutes"),
		figure("Drained", ...drained(seen)),
		figure("Free disk space", bytes(seen.disk.free_bytes), roomInWords(seen.disk)),
		figure("Failed or held", count(stuck), stuck === 0n ? "no failed or held events" : `${count(total(seen, "failed"))} failed, ${count(total(seen, "held"))} held`));
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

const TONES = { ready: "good", backoff: "wait", paused: "bad" };

function stateInWords(site, now) {
	if (site.paused_at !== 0)
		return `Paused${site.paused_by === "" ? "" : ` by ${site.paused_by}`} ${ago(site.paused_at, now)}.`;
	if (site.state === "paused")
		return "Paused until somebody resumes it.";
	if (site.state !== "backoff")
		return "Events are delivered as they arrive.";
	return site.next_attempt_at > now ? `Next attempt in ${duration(site.next_attempt_at - now)}.` : "An attempt is due.";
}

function siteFacts(site, now) {
	const rows = Object.entries(site.counts).filter(([name, n]) => name === "pending" || n !== "0")
		.map(([name, n]) => [name, el("a", { href: `#/events?site=${encodeURIComponent(site.site)}&status=${name}`, class: tone(name) === "bad" ? "bad" : null }, count(n))]);
	if (site.oldest_pending_id !== "0")
		rows.splice(1, 0, ["oldest waiting", duration(now - site.oldest_pending_at)]);
	if (site.forecast)
		rows.push(["per minute", `${rate(site.forecast.in_per_minute)} in, ${rate(site.forecast.out_per_minute)} out`]);
	if (site.forecast && site.counts.pending !== "0")
		rows.push(["drained", site.forecast.words]);
	return facts(rows, "facts right");
}

function siteCard(site, now) {
	const reason = site.paused_at !== 0 ? site.pause_note : site.reason;
	const verbs = site.paused_at !== 0 ? ["resume"] : site.state === "ready" ? ["pause"] : ["flush", "pause"];
	return el("article.card.site",
		el("div.head", el("h3", site.site), el("span", { class: `pill ${TONES[site.state]}` }, site.state === "backoff" ? "backing off" : site.state)),
		el("p.small.quiet", stateInWords(site, now)),
		site.state !== "ready" && reason !== "" ? el("p.small.why", reason) : null,
		siteFacts(site, now),
		el("div.buttons", actButtons(verbs.map((verb) => ({ verb, site: site.site })), null, ".small")));
}

const BOX_COLUMNS = [["Box"], ["Site"], ["Last seen"], ["Backlog", "number"], ["Oldest"], ["Events", "number"], ["Version"]];

// The boxes that forward to this spooler, as they report themselves.
function boxes(list, now) {
	if (!list || list.length === 0)
		return null;
	const cells = (box) => [el("a", { href: `#/events?via=${encodeURIComponent(box.box)}` }, box.box), box.site, box.last_seen_at ? ago(box.last_seen_at, now) : "never",
		box.backlog === null ? "" : count(box.backlog), box.oldest_at ? duration(now - box.oldest_at) : "", count(box.events), box.version];
	return el("section.card", { "aria-labelledby": "boxes-title" }, el("h2", { id: "boxes-title" }, "Boxes"),
		el("div.wide", el("table.cards", el("thead", el("tr", BOX_COLUMNS.map(([name, kind]) => el("th", { scope: "col", class: kind || null }, name)))),
			el("tbody", list.map((box) => el("tr", cells(box).map((cell, i) => el("td", { class: BOX_COLUMNS[i][1] || null, "data-title": BOX_COLUMNS[i][0] }, cell))))))));
}

function draw(root, seen, state) {
	const [mood, words] = verdict(seen);
	update(root,
		el("p", { class: `verdict ${mood}`, id: "verdict" }, icon(mood), el("span", words)),
		needsCard(seen.needs, seen.needs_hidden),
		figures(seen),
		flow(seen, state, () => draw(root, seen, state)),
		el("h2.section", "Sites"),
		el("div.grid", sitesOf(seen).map((site) => siteCard(site, seen.now))),
		boxes(seen.boxes, seen.now),
		howToAct());
	announce(words);
}

export const overview = {
	title: "Overview",
	every: 2000,
	matters: mattersOf,
	open(root, context) {
		const state = { period: "hour", at: null };
		const saw = (seen) => draw(root, seen, state);
		const refused = (e) => explain(e, root, context);
		if (context.seen() !== null)
			saw(context.seen());
		else if (context.refused() !== null)
			refused(context.refused());
		else
			update(root, el("section.card", skeleton(3)), el("section.card", skeleton(1, true)));
		return { saw, refused };
	},
};
