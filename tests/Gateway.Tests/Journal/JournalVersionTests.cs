using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Journal;

/// <summary>Records of earlier versions, and every kind of unit in those of this one.</summary>
public sealed class JournalVersionTests
{
    /// <summary>
    /// A segment that the version with six kinds wrote, without the zeros at its end: a request with OPEN, ADMITTED, PROGRESS, ANSWERED and
    /// CLOSE, and one that ends at PROGRESS.
    /// </summary>
    private const string OldSegment =
        "VFRHSlJOTDEBAAAAAAAAAEJ9R2E9iPhAtnL7I98ZFcwAAAAAAAAAAKHflSeiAQAAlpil0QAAAAAAAAAAAAAAABUAAADziRrQAQEAAAAAAAAAxt+VJ6IBAAAD"
        + "b2xkKQAAAFk/uvACAZWqqgAAcACAAAAAAAAAAQGVqqoAAHAAgAAAAAAAAAIAJi0nogEAAJMAAACtw7+UAwGVqqoAAHAAgAAAAAAAAAEBlaqqAABwAIAAAAAA"
        + "AAACAZWqqgAAcACAAAAAAAAAAwGVqqoAAHAAgAAAAAAAAAQBlaqqAABwAIAAAAAAAAAFDnRpbnktYXNzaXN0YW50EGNoYXQuY29tcGxldGlvbnMBAQIDBAUG"
        + "ChQeKDI8BwAmLSeiAQAAwD5aAQAg6CBHTd8IFwAAAGnthjkFAZWqqgAAcACAAAAAAAAAAQECAwQFBigAAADI1jApCgGVqqoAAHAAgAAAAAAAAAEDAQIDAQAC"
        + "uDEtJ6IBAAAJChMcJS43TSQAAACKw7DZBgGVqqoAAHAAgAAAAAAAAAEBAAK4MS0nogEAAAkKExwlLjdNKQAAAIpNNDoCAZWqqgAAcACAAAAAAAAABgGVqqoA"
        + "AHAAgAAAAAAAAAIAJi0nogEAAJMAAADCr3nrAwGVqqoAAHAAgAAAAAAAAAYBlaqqAABwAIAAAAAAAAACAZWqqgAAcACAAAAAAAAAAwGVqqoAAHAAgAAAAAAA"
        + "AAQBlaqqAABwAIAAAAAAAAAFDnRpbnktYXNzaXN0YW50EGNoYXQuY29tcGxldGlvbnMBAQIDBAUGChQeKDI8BwAmLSeiAQAAwD5aAQAg6CBHTd8IFwAAAOBd"
        + "YyQFAZWqqgAAcACAAAAAAAAABgECAwQFBg==";

    private static readonly DateTimeOffset Noon = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = TestFolder.Create("journal");

    [Fact]
    public void A_journal_of_the_version_with_six_kinds_is_read()
    {
        var segment = new byte[16 * 1024];
        Convert.FromBase64String(OldSegment).CopyTo(segment, 0);
        File.WriteAllBytes(Segment.PathOf(_folder, 1), segment);
        using var journal = Open();

        var (finished, unfinished) = Read(journal);

        var admitted = new AdmittedRequest(
            Id(1), Id(2), Id(3), Id(4), "tiny-assistant", "chat.completions", true, Id(5),
            new UsagePrice(new UnitPrices(1, 2, 3, 4, 5, 6), Noon.AddDays(-1), true), new Units(10, 20, 30, 40, 50, 60), 7, Noon, 8000, 90);
        var end = new RequestEnd(Outcome.Completed, 2, UsageSource.Gateway, Noon.AddSeconds(3), 9, new Units(10, 19, 28, 37, 46, 55))
        {
            RateTokens = 77,
        };
        Assert.Equal((admitted, end), (Assert.Single(finished).Request, finished[0].End));
        var running = Assert.Single(unfinished);
        Assert.Equal((admitted with { RequestId = Id(6) }, new Units(1, 2, 3, 4, 5, 6)), (running.Admitted, running.Progress!.Value));
    }

    [Fact]
    public void Every_kind_of_unit_is_read_back_in_every_record()
    {
        using var journal = Open();
        journal.PrepareAhead();
        journal.Begin(1);
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        var most = long.MaxValue / 1000; // The longest forms of the counts.
        var admitted = new AdmittedRequest(
            Id(1), Id(2), Id(3), Id(4), "m", "e", false, Id(5),
            new UsagePrice(new UnitPrices(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, BatchFactor: 9999), Noon, true),
            new Units(most, most, most, most, most, most, most, most, most, most), 7, Noon, 8000, 90)
        {
            ServiceClass = ServiceClass.Batch,
            ModelVersion = "12",
        };
        var end = new RequestEnd(Outcome.Completed, 1, UsageSource.Gateway, Noon, most, new Units(8, 7, 6, 5, 4, 3, 2, 1, 9, most))
        {
            RateTokens = most,
        };
        Assert.True(requests.TryOpen(Id(1), Id(2)) && requests.TryAdmit(admitted));
        requests.Progress(Id(1), admitted.Bound);
        requests.Answer(Id(1), new UnsettledAnswer(new byte[32], end));

        var running = Assert.Single(Read(journal).Unfinished);
        requests.Close(admitted, end);
        var finished = Assert.Single(Read(journal).Finished);

        Assert.Equal((admitted, admitted.Bound, end), (running.Admitted, running.Progress!.Value, running.Answer!.End));
        Assert.Equal((admitted, end), (finished.Request, finished.End));
    }

    [Fact]
    public void A_record_without_a_class_is_of_a_standard_request()
    {
        var admitted = new AdmittedRequest(
            Id(1), Id(2), Id(3), Id(4), "m", "e", false, Id(5), new UsagePrice(new UnitPrices(1, 2, 3, 4, 5, 6, 7, 8), Noon, true),
            new Units(8, 7, 6, 5, 4, 3, 2, 1), 7, Noon, 8000, 90);
        var writer = new RecordWriter(new byte[2048]);
        admitted.Write(ref writer);
        var older = new RecordReader(writer.Written[..^8]); // Factor two bytes, class one, kinds four, version of the model one.
        var withoutKinds = new RecordReader(writer.Written[..^5]);
        var withoutVersion = new RecordReader(writer.Written[..^1]);

        Assert.Equal(admitted, AdmittedRequest.Read(ref older));
        Assert.Equal(admitted, AdmittedRequest.Read(ref withoutKinds));
        Assert.Equal(admitted, AdmittedRequest.Read(ref withoutVersion));
    }

    [Fact]
    public void No_kind_is_charged_above_its_hold()
    {
        var bound = new Units(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        var admitted = new AdmittedRequest(
            Id(1), Id(2), Id(3), Id(4), "m", "e", false, Id(5), new UsagePrice(default, null, false), bound, 1, Noon, 1, 1);

        Assert.Equal(bound, admitted.Capped(bound));
        Assert.Equal(
            bound with { Input = 0, Cached = 0, Output = 0, Reasoning = 0 },
            admitted.Capped(new Units(0, 0, 0, 0, 50, 60, 70, 80, 90, 100)));
    }

    private static Guid Id(int number) => new($"0195aaaa-0000-7000-8000-{number:x12}");

    private static (List<FinishedRequest> Finished, IReadOnlyCollection<UnfinishedRequest> Unfinished) Read(JournalFile journal)
    {
        var fold = new RequestFold();
        List<FinishedRequest> finished = [];
        for (var reader = new JournalReader(journal, journal.Beginning); reader.Read();)
        {
            if (fold.Apply(reader) is { } one)
            {
                finished.Add(one);
            }
        }

        return (finished, fold.Unfinished);
    }

    private JournalFile Open() => new(
        Options.Create(new JournalOptions { Folder = _folder, SegmentBytes = 16 * 1024, GatewayId = "test" }), TimeProvider.System,
        NullLogger<JournalFile>.Instance);
}
