for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = row => {
      const cell = row.cells[place], number = cell.dataset.number;
      return number === undefined ? cell.textContent.trim() : Number(number);
    };
    const isEmpty = value => value === "" || value === "–";
    const compare = (one, other) =>
      typeof one === "number" && typeof other === "number"
        ? one - other : String(one).localeCompare(String(other), "en", {numeric: true});
    const rows = [...table.tBodies[0].rows].map(row => [value(row), row]);
    rows.sort(([one], [other]) =>
      isEmpty(one) - isEmpty(other) || (down ? compare(other, one) : compare(one, other)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }));
}
