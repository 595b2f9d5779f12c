using System.Text.Json;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Json;

namespace Tollgate.Contracts.Tests.Audit;

public sealed class AuditLineTests
{
    private static readonly AuditLine Line = new()
    {
        Number = 1, Id = 1, At = DateTimeOffset.UnixEpoch, Via = "session", Action = "ab", Subject = "c", Before = """{"a": 1.0}""",
        Previous = "", Hash = "",
    };

    [Fact]
    public void Fields_are_delimited_by_their_lengths() => Assert.NotEqual(
        Line.ComputeHash(), (Line with { Action = "a", Subject = "bc" }).ComputeHash());

    [Fact]
    public void Null_and_empty_differ() =>
        Assert.NotEqual((Line with { Browser = "" }).ComputeHash(), (Line with { Browser = null }).ComputeHash());

    [Fact]
    public void A_line_keeps_the_text_of_its_values_over_json()
    {
        var line = Line with { Hash = Line.ComputeHash() };

        var read = JsonSerializer.Deserialize(
            JsonSerializer.Serialize(line, ContractsJson.Default.AuditLine), ContractsJson.Default.AuditLine)!;

        Assert.Equal(line, read);
        Assert.Equal(read.Hash, read.ComputeHash());
    }
}
