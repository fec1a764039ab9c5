// What stands between a browser and the replicas of a portal: a balancer that leads to one of them
// at a time, over a network that can be cut.
import net from 'node:net';

export class Front {
  #pairs = new Set();
  #to;
  #isCut = false;
  #server = net.createServer((client) => this.#take(client));

  // Opens at a port of this machine and leads to `replica`, an address such as http://127.0.0.1:8081
  static async open(port, replica) {
    const front = new Front();
    front.leadTo(replica);
    await new Promise((listens, fails) => {
      front.#server.once('error', fails).listen(port, '127.0.0.1', listens);
    });
    return front;
  }

  // From now on, for whoever comes anew.
  leadTo(replica) {
    this.#to = new URL(replica);
  }

  // Nothing passes either way, and nobody is told: as when a train goes into a tunnel.
  cut() {
    this.#isCut = true;
    for (const { client, server } of this.#pairs) {
      client.unpipe(server).pause();
      server.unpipe(client).pause();
    }
  }

  mend() {
    this.#isCut = false;
    for (const pair of this.#pairs) this.#join(pair);
  }

  // Ends every connection, as a balancer does that is started anew.
  drop() {
    for (const pair of this.#pairs) this.#end(pair);
  }

  close() {
    this.drop();
    this.#server.close();
  }

  #take(client) {
    const server = net.connect(Number(this.#to.port), this.#to.hostname);
    const pair = { client, server, isOver: false };
    this.#pairs.add(pair);
    for (const side of [client, server]) {
      const over = () => {
        pair.isOver = true;
        if (!this.#isCut) this.#end(pair);
      };
      side.setNoDelay().on('error', over).on('close', over);
    }
    if (!this.#isCut) this.#join(pair);
  }

  #join(pair) {
    if (pair.isOver) return this.#end(pair);
    pair.client.pipe(pair.server);
    pair.server.pipe(pair.client);
    return undefined;
  }

  #end(pair) {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
