// Events in and out over the last hour or day: bars for events delivered, a line for events received. Where
// the line is above the bars, the backlog grew. The legend has the numbers of the chosen minute or hour.
import { clock, count, plural } from "/words.js";
import { el, svg } from "/dom.js";

const HEIGHT = 100;
const MINUTE = 60000;

export const PERIODS = {
	hour: { words: "last hour", step: MINUTE, unit: "minute" },
	day: { words: "last day", step: 60 * MINUTE, unit: "hour" },
};

const sum = (values) => values.reduce((all, value) => all + (value || 0), 0);

// The least of 2, 4, 6, 8, 10, 20, 30, 40, 60, ... that is not below the value: a scale whose half is a
// round number.
function ceiling(value) {
	for (let power = 1; ; power *= 10)
		for (const factor of [1, 2, 3, 4, 6, 8])
			if (factor * power >= value && factor * power % 2 === 0)
				return factor * power;
}

function barsPath(values, top) {
	return values.map((value, i) => {
		const height = HEIGHT * (value || 0) / top;
		return height === 0 ? "" : `M${i + 0.12} ${HEIGHT}v${(-height).toFixed(2)}h.76v${height.toFixed(2)}z`;
	}).join("");
}

// A step for each value; a gap where the value is not known.
function linePath(values, top) {
	let path = "";
	values.forEach((value, i) => {
		if (value === null)
			return;
		const y = (HEIGHT - HEIGHT * value / top).toFixed(2);
		path += i === 0 || values[i - 1] === null ? `M${i} ${y}h1` : `V${y}h1`;
	});
	return path;
}

function legend(series, period, i) {
	const { step, unit, words } = PERIODS[period];
	const one = (values) => values[i] === null ? "unknown" : count(values[i]);
	if (i === null)
		return [el("span.in", "Received ", el("b", count(sum(series.received)))),
			el("span.out", "Delivered ", el("b", count(sum(series.delivered)))),
			`in the ${words}`];
	const from = series.end - (series.received.length - i) * step;
	return [el("span.in", "Received ", el("b", one(series.received))),
		el("span.out", "Delivered ", el("b", one(series.delivered))),
		`in the ${unit} from ${clock(from)}`];
}

function note(series, period, peak) {
	const known = series.received.filter((value) => value !== null).length;
	return (peak === 0 ? "No events were received or delivered." : `Peak: ${plural(peak, "event")} in one ${PERIODS[period].unit}.`)
		+ (known < series.received.length ? " There is no data from before the daemon started." : "");
}

function drawing(series, top, at) {
	const n = series.received.length;
	const unknown = series.received.findIndex((value) => value !== null);
	return svg("svg", { viewBox: `0 0 ${n} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
		unknown > 0 ? svg("rect.unknown", { x: 0, y: 0, width: unknown, height: HEIGHT }) : null,
		[0, HEIGHT / 2, HEIGHT].map((y) => svg("path.rule", { d: `M0 ${y}H${n}` })),
		at === null ? null : svg("rect.here", { x: at, y: 0, width: 1, height: HEIGHT }),
		svg("path.bar-out", { d: barsPath(series.delivered, top) }),
		svg("path.line-in", { d: linePath(series.received, top) }));
}

// at: the index of the chosen value, or null. choose(i) is called when a person points at another value.
export function chart(series, period, at, choose) {
	const n = series.received.length;
	const peak = Math.max(0, ...series.received, ...series.delivered);
	const top = ceiling(Math.max(2, peak));
	const { step, words } = PERIODS[period];
	const said = `${count(sum(series.received))} received and ${count(sum(series.delivered))} delivered in the ${words}`;
	const point = (event) => {
		const box = event.currentTarget.querySelector("svg").getBoundingClientRect();
		const i = Math.floor((event.clientX - box.left) / box.width * n);
		choose(i >= 0 && i < n ? i : null);
	};
	const press = (event) => {
		const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		if (by === undefined)
			return;
		event.preventDefault();
		choose(Math.min(n - 1, Math.max(0, (at === null ? n : at) + by)));
	};
	return [el("p.legend", { role: "status", "aria-live": at === null ? "off" : "polite" }, legend(series, period, at)),
		el("div.chart", {
			tabindex: "0", role: "img", "aria-label": `Chart: ${said}. The arrow keys choose one ${PERIODS[period].unit}.`,
			onpointermove: point, onpointerleave: () => choose(null), onkeydown: press,
		}, [top, top / 2, 0].map((level) => el("span.level", { "aria-hidden": "true" }, short(level))),
		drawing(series, top, at),
		el("div.times", { "aria-hidden": "true" }, [n, n * 3 / 4, n / 2, n / 4, 0].map((back) =>
			el("span", back === 0 ? "now" : clock(series.end - back * step))))),
		el("p.hint", note(series, period, peak))];
}

function short(n) {
	if (n >= 1e6)
		return `${n / 1e6}M`;
	return n >= 1e4 ? `${n / 1e3}k` : String(n);
}
