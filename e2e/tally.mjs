// So much is wrong that the rest would tell nothing new, and may take hours to say so.
const ENOUGH = 100;

// One line per check, and one that sums up in the words every test command here uses.
export class Tally {
  passed = 0;
  failed = 0;

  check(name, faults) {
    if (faults.length === 0) {
      this.passed += 1;
      console.log(`pass ${name}`);
    } else {
      this.failed += 1;
      console.log(`FAIL ${name}: ${faults.slice(0, 5).join(' | ')}${faults.length > 5 ? ` | and ${faults.length - 5} more` : ''}`);
      if (this.failed >= ENOUGH) this.giveUp();
    }
  }

  giveUp() {
    console.log(`FAIL: ${ENOUGH} checks failed; nothing after them was tried`);
    this.finish();
    process.exit();
  }

  finish() {
    console.log(`${this.passed} passed, ${this.failed} failed, 0 skipped`);
    process.exitCode = this.failed > 0 || this.passed === 0 ? 1 : 0;
  }
}
