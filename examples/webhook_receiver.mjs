// Receive the lane's webhooks in Node, and believe only what is signed.
//
//     WEBHOOK_SECRET=whsec_… node webhook_receiver.mjs 8080
//
// Answer soon and with 2xx: anything else is no, and the event comes again. It may come twice: its id tells.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");

function isSigned({ "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures }, body) {
  if (!(Math.abs(Date.now() / 1000 - at) < 300)) return false; // an old message may be somebody's copy
  const ours = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  return (signatures ?? "").split(" ").some((one) => {
    const [version, base64] = one.split(",");
    const theirs = Buffer.from(base64 ?? "", "base64");
    return version === "v1" && theirs.length === ours.length && timingSafeEqual(theirs, ours);
  });
}

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    const signed = isSigned(request.headers, body);
    response.writeHead(signed ? 204 : 401).end();
    const event = signed && JSON.parse(body);
    if (event.type === "member_identified") console.log(event.id, event.member.balance?.available_points);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
