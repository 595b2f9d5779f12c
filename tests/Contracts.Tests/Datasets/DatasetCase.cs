using System.Text;
using Tollgate.Contracts.Datasets;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>A file, and what its reader must find.</summary>
/// <param name="Rows">Rows of the report.</param>
/// <param name="Faults">All faults: code, line, column.</param>
public sealed record DatasetCase(
    string Name, DatasetPurpose Purpose, byte[] File, long Rows, IReadOnlyList<(string Code, long Line, int Column)> Faults)
{
    /// <summary>Codes of all warnings but <c>rare_class</c>.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static DatasetCase Good(string name, string file, long rows) => Good(name, Encoding.UTF8.GetBytes(file), rows);

    public static DatasetCase Good(string name, byte[] file, long rows) => new(name, DatasetPurpose.FineTune, file, rows, []);

    public static DatasetCase Bad(string name, string file, long rows, params (string Code, long Line, int Column)[] faults) =>
        Bad(name, Encoding.UTF8.GetBytes(file), rows, faults);

    public static DatasetCase Bad(string name, byte[] file, long rows, params (string Code, long Line, int Column)[] faults) =>
        new(name, DatasetPurpose.FineTune, file, rows, faults);

    /// <summary>A file for examples whose second line of three is given.</summary>
    public static DatasetCase SecondLine(string name, string line, string code, int column) => Bad(
        name, $$"""
        {"text":"fine","label":"a"}
        {{line}}
        {"text":"poor","label":"b"}
        """, 3, (code, 2, column));

    /// <summary>A batch whose second line of three is given.</summary>
    public static DatasetCase SecondRequest(string name, string line, string code, int column) =>
        new(name, DatasetPurpose.Batch, Encoding.UTF8.GetBytes($"{Request("one")}\n{line}\n{Request("three")}\n"), 3, [(code, 2, column)]);

    /// <summary>A good line of a batch.</summary>
    public static string Request(string id, string url = "/v1/chat/completions") =>
        $$"""{"custom_id":"{{id}}","method":"POST","url":"{{url}}","body":{"model":"m","messages":[]} }""";

    public override string ToString() => Name;
}
