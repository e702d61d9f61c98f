// The screen Storage: is there room, for how long, and what is kept?
import { read, send } from "/api.js";
import { el, facts, icon, skeleton, svg, update } from "/dom.js";
import { explain } from "/session.js";
import { ago, bytes, duration, plural, sentence } from "/words.js";

const HOUR_MS = 3600000;
const AGAIN_MS = 1000; // between two requests while the checks are running
const GRADES = { ok: "good", warning: "wait", problem: "bad" };
const STATUSES = ["delivered", "failed", "held", "invalid", "discarded", "unsupported"];

// When the disk will be full, at the rate of the last hour.
export function roomInWords(disk) {
	if (disk.hours !== null)
		return `full in ${duration(disk.hours * HOUR_MS)}`;
	return disk.growth_per_hour === null ? "growth not known yet" : "not growing";
}

// A bar of the disk: the bytes used, the free bytes, and the bytes that must stay free.
function meter({ free_bytes: free, database_bytes: database, wal_bytes: wal, min_free_bytes: least }) {
	const parts = [["used", database + wal, "database and log"], ["free", Math.max(0, free - least), "free"], ["kept", Math.min(free, least), "kept free"]];
	const all = parts.reduce((sum, [, n]) => sum + n, 0);
	let x = 0;
	return svg("svg.meter", { role: "img", "aria-label": parts.map(([, n, words]) => `${words}: ${bytes(n)}`).join(", "), viewBox: "0 0 100 1", preserveAspectRatio: "none" },
		parts.map(([kind, n]) => {
			const width = Math.max(0.4, 100 * n / all);
			x += width;
			return svg(`rect.${kind}`, { x: x - width, y: 0, width, height: 1 });
		}));
}

function verdict(data) {
	const mood = data.ok ? "good" : "bad";
	return el("p", { class: `verdict ${mood}` }, icon(mood), el("span", data.ok ? "New events are committed to the disk." : `New events are refused: ${data.trouble}`));
}

function room(data) {
	return el("section.card", { "aria-labelledby": "room-title" }, el("h2", { id: "room-title" }, "Disk space"),
		data.free_bytes === null ? null : meter(data),
		facts([
			["Database", bytes(data.database_bytes)],
			["Write-ahead log", `${bytes(data.wal_bytes)}, at most ${bytes(data.max_wal_bytes)}`],
			["Read by", data.readers.map((reader) => `${reader.name} (process ${reader.pid})`).join(", ") || null],
			["Free disk space", `${bytes(data.free_bytes)}, ${roomInWords(data)}`],
			["Kept free", `${bytes(data.min_free_bytes)}: below this, new events are refused`],
			["File", data.database],
			["Host", data.host],
		]));
}

const days = (n, none) => n === 0 ? none : n === 1 ? "1 day" : `${n} days`;

function retention(kept) {
	const row = (status) => el("tr", el("th", { scope: "row" }, status),
		el("td.number", { "data-title": "Body" }, days(kept[`${status}_payload`], "with the row")), el("td.number", { "data-title": "Row" }, days(kept[`${status}_rows`], "forever")));
	return el("section.card", { "aria-labelledby": "kept-title" }, el("h2", { id: "kept-title" }, "What is kept, and for how long"),
		el("table.kept", el("thead", el("tr", el("th", { scope: "col" }, "Status"), el("th.number", { scope: "col" }, "Body"), el("th.number", { scope: "col" }, "Row"))),
			el("tbody", STATUSES.map(row))),
		el("p.hint", kept.archive === null ? "Removed rows are not archived." : `Removed rows are added to the archive ${kept.archive}.`));
}

// The checks of bentospool doctor, which runs as a process of its own.
class Doctor {
	constructor(root, context) {
		this.root = root;
		this.context = context;
	}

	async look(run) {
		try {
			this.draw(run ? await send("/api/doctor", {}, this.context.signal) : await read("/api/doctor", this.context.signal));
		} catch (e) {
			explain(e, this.root, this.context);
		}
	}

	finding({ grade, what, found, remedy }) {
		return el("li", el("p", el("span", { class: `pill ${GRADES[grade] || ""}` }, grade), " ", el("b", what)),
			found ? el("p", found) : null, remedy ? el("p.quiet", sentence(remedy)) : null);
	}

	// Findings without a problem are only counted; a click shows them.
	findings(said) {
		const fine = said.findings.filter(({ grade }) => grade === "ok");
		const rest = said.findings.filter(({ grade }) => grade !== "ok");
		return [rest.length === 0 ? null : el("ul.findings", rest.map((one) => this.finding(one))),
			fine.length === 0 ? null : el("details", el("summary", `${plural(fine.length, "check")} found nothing wrong`), el("ul.findings", fine.map((one) => this.finding(one))))];
	}

	draw(said) {
		const words = said.running ? "The checks are running; they take at most a minute."
			: said.error !== null ? `The checks could not run: ${said.error}.`
				: said.finished_at === 0 ? "Checks the configuration, the keys, the disk, the clock and the connection to Bento."
					: `${said.ok ? "Nothing is wrong." : "There are problems."} Checked ${ago(said.finished_at)}.`;
		update(this.root, el("div.head", el("h2", { id: "doctor-title" }, "Doctor"),
			el("button.small", { type: "button", disabled: said.running, onclick: () => this.look(true) }, "Run the checks")),
		el("p.quiet", { role: "status" }, words), this.findings(said));
		if (said.running)
			setTimeout(() => this.context.signal.aborted || this.look(false), AGAIN_MS);
	}
}

export const storage = {
	title: "Storage",
	open(root, context) {
		const top = el("div");
		const doctor = el("section.card", { "aria-labelledby": "doctor-title" });
		const load = async () => {
			try {
				const data = await read("/api/storage", context.signal);
				update(top, verdict(data), el("div.pair.even", room(data), retention(data.retention)));
				if (!doctor.isConnected) {
					root.replaceChildren(top, doctor);
					new Doctor(doctor, context).look(false);
				}
			} catch (e) {
				explain(e, root, context);
			}
		};
		update(root, el("section.card", skeleton(6)));
		load();
		return { saw: load };
	},
};
