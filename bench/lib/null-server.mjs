/**
 * A server that does nothing: answers every request with `{}` once its body is there. What the load generator reaches
 * against it is the ceiling of every figure measured with it.
 */
import net from "node:net";

const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
const HEAD_END = Buffer.from("\r\n\r\n");

const server = net.createServer({ noDelay: true }, (socket) => {
  let left = 0;
  let head = null;
  socket.on("data", (chunk) => {
    let data = head === null ? chunk : Buffer.concat([head, chunk]);
    head = null;
    while (data.length > 0) {
      if (left === 0) {
        const end = data.indexOf(HEAD_END);
        if (end < 0) {
          head = data;
          return;
        }
        const length = /\r\ncontent-length: *(\d+)/i.exec(data.latin1Slice(0, end + 2));
        left = length === null ? 0 : Number(length[1]);
        data = data.subarray(end + 4);
      }
      const take = Math.min(left, data.length);
      left -= take;
      data = data.subarray(take);
      if (left === 0) socket.write(ANSWER);
    }
  });
  socket.on("error", () => socket.destroy());
});
server.listen(Number(process.argv[2]), "127.0.0.1");
