using System.Text;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>A table with columns as wide as they must be; the first to the left, the others to the right.</summary>
internal sealed class TextTable(params string[] head)
{
    private readonly List<string[]> _rows = [head];

    public void Add(params object[] cells) => _rows.Add([.. cells.Select(cell => cell.ToString() ?? "")]);

    public void WriteTo(StringBuilder text, string title)
    {
        text.AppendLine().AppendLine(title);
        var widths = Enumerable.Range(0, head.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in _rows)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.AppendLine("  " + string.Join("  ", cells).TrimEnd());
        }
    }
}
