// Says something ten times, or once something large, and ends at once.
if (process.argv[2] === "large") {
  process.send("x".repeat(4 << 20));
  process.exit(0);
}
for (let i = 0; i < 10; i++) process.send(i);
