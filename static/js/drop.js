// A file may be dropped anywhere on the page, and is weighed before it is sent; without this script it is dropped on
// its field.
"use strict";
const field = document.querySelector("input[data-most-bytes]");
const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
const weigh = () => {
  const tooLarge = field.files[0]?.size > Number(field.dataset.mostBytes);
  field.setCustomValidity(tooLarge ? field.dataset.tooLarge : "");
  return field.reportValidity();
};
field.addEventListener("change", weigh);
addEventListener("dragover", (event) => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  field.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) field.classList.remove("over"); // out of the window
});
addEventListener("drop", (event) => {
  if (!carriesFile(event)) return;
  event.preventDefault(); // else the browser would leave the page and show the file
  field.classList.remove("over");
  const first = new DataTransfer();
  first.items.add(event.dataTransfer.files[0]);
  field.files = first.files;
  if (weigh()) field.form.querySelector("button").focus();
});
