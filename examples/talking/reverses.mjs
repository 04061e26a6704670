// Turns words around. Nothing here knows of Procession: this is how any Node program talks with its parent.
process.on("message", (message) => {
  if ("$request" in message) {
    process.send({ $answer: message.$request, $body: reversed(message.$body) });
  } else {
    process.send({ reversed: reversed(message.text) });
  }
});
process.on("disconnect", () => console.log("no more words"));
process.send({ hello: process.version });

function reversed(text) {
  return [...text].reverse().join("");
}
