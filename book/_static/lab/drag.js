/* Dragging a button of a list to another place of it, by mouse, pen or finger. */
"use strict";

/* dropped(place): called with the number of the list item on which the button is let go. */
const labDrag = (node, dropped) => {
  const FAR = 6; // pixels that tell a drag from a click
  let start = null;

  const end = () => {
    start = null;
    node.classList.remove("dragging");
    node.style.transform = "";
  };

  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = { x: event.clientX, y: event.clientY };
    delete node.dataset.dragged;
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    if (Math.hypot(dx, dy) < FAR && !node.dataset.dragged) return;
    node.dataset.dragged = "yes";
    node.classList.add("dragging");
    node.style.transform = `translate(${dx}px, ${dy}px)`;
  });
  node.addEventListener("pointerup", (event) => {
    const dragged = start && node.dataset.dragged;
    end();
    if (!dragged) return;
    const items = [...node.closest("ol").children];
    const distance = (item) => {
      const box = item.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      return Math.hypot(event.clientX - x, event.clientY - y);
    };
    const nearest = items.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    dropped(items.indexOf(nearest));
  });
  node.addEventListener("pointercancel", end);
};
