// Sends track calls with the real Segment SDK and prints which of them it saw acknowledged.
// Usage: node send.mjs SDK-DIRECTORY URL WRITE-KEY EVENTS; prints one messageId on each line.
import { createRequire } from 'node:module'
import { writeSync } from 'node:fs'

const [folder, host, writeKey, events] = process.argv.slice(2)
const require = createRequire(`${folder}/package.json`)
const sdk = Number(process.versions.node.split('.')[0]) >= 20
	? '@segment/analytics-node' : 'analytics-node-for-node-18'
const { Analytics } = require(sdk)

const analytics = new Analytics({
	writeKey, host, path: '/v1/batch', flushAt: 15, flushInterval: 50, maxRetries: 30,
	httpRequestTimeout: 5000,
})
const failed = []
analytics.on('error', (err) => failed.push(err))

const track = (n) => new Promise((resolve) => {
	analytics.track({
		userId: `user-${n}`,
		event: 'Order Completed',
		properties: { order_id: `sdk-${n}`, total: 19.99 },
		context: { traits: { email: `user-${n}@example.com`, firstName: 'Ann' } },
	}, (err, context) => {
		// Called once the batch with it was answered, or given up.
		if (err === undefined)
			writeSync(1, `${context.event.messageId} sdk-${n}\n`)
		resolve()
	})
})

// In waves of a few batches, so that it lasts long enough for somebody to interfere.
const wave = 60
for (let n = 0; n < Number(events); n += wave) {
	const many = Math.min(wave, Number(events) - n)
	await Promise.all(Array.from({ length: many }, (_, i) => track(n + i)))
}
await analytics.closeAndFlush()
for (const err of failed)
	console.error(err.reason ?? err)
