using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Journal;

public sealed class JournalFileTests
{
    private readonly string _folder = TestFolder.Create("journal");

    [Fact]
    public void Open_keeps_every_whole_record_wherever_the_tail_is_torn()
    {
        var ends = WriteSmallJournal();
        var path = Segment.PathOf(_folder, 1);
        var whole = File.ReadAllBytes(path);

        for (var cut = ends[0]; cut <= ends[^1]; cut++)
        {
            var torn = (byte[])whole.Clone();
            Array.Clear(torn, cut, torn.Length - cut);
            File.WriteAllBytes(path, torn);
            using var journal = Open();

            // A record whose missing bytes were zeros anyway is whole.
            var expected = ends.Last(end => torn.AsSpan(0, end).SequenceEqual(whole.AsSpan(0, end)));
            Assert.Equal(JournalPosition.Of(1, expected), journal.End);
            Assert.Equal(ends.IndexOf(expected) + 1, ReadAll(journal).Count);
        }
    }

    [Fact]
    public void Open_ignores_records_that_a_power_cut_left_behind_a_hole()
    {
        var ends = WriteSmallJournal();
        var path = Segment.PathOf(_folder, 1);
        var bytes = File.ReadAllBytes(path);
        bytes[ends[1] + 8] ^= 1; // The third record is damaged, those after it are whole.
        File.WriteAllBytes(path, bytes);

        using (var journal = Open())
        {
            Assert.Equal(JournalPosition.Of(1, ends[1]), journal.End);
            journal.Begin(2);
        }

        using var again = Open();
        Assert.Equal([RecordType.Boot, RecordType.Open, RecordType.Boot], ReadAll(again));
    }

    [Fact]
    public void Append_goes_on_over_segments_and_a_reader_follows()
    {
        using var journal = Open(segmentBytes: 16 * 1024);
        journal.PrepareAhead();
        journal.Begin(1);
        var reader = new JournalReader(journal, journal.Beginning);
        Assert.True(reader.Read());
        Span<byte> payload = stackalloc byte[100];

        for (var i = 0; i < 1_000; i++)
        {
            payload[0] = (byte)i;
            Assert.True(journal.Append(RecordType.Progress, payload) >= 0);
            Assert.True(reader.Read());
            Assert.Equal((byte)i, reader.Payload[0]);
            journal.PrepareAhead();
        }

        Assert.False(reader.Read());
        Assert.True(JournalPosition.Segment(journal.End) > 5); // 109 bytes each: about 150 a segment.
    }

    [Fact]
    public void Append_refuses_new_work_on_a_full_disk_but_never_the_end_of_running_requests()
    {
        using var journal = Open(segmentBytes: 16 * 1024);
        journal.PrepareAhead();
        journal.Begin(1);
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        var running = Enumerable.Range(0, 20).Select(_ => Admit(requests)).ToList();
        var full = 0;
        journal.Preparing = (_, _, _) =>
        {
            full++;
            throw new IOException("No space left on device");
        };

        var progress = FillUp(requests, running[0], journal);
        var refused = !requests.TryOpen(Guid.NewGuid(), Guid.NewGuid());
        foreach (var request in running)
        {
            requests.Close(request,
                new RequestEnd(
                    Outcome.FailedAfterFirstToken, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 3, new Units(5, Output: 3)));
        }

        Assert.True(refused);
        Assert.False(journal.AcceptsWork);
        Assert.True(full > 0);
        Assert.True(progress > 500); // Two whole segments served the running requests.
        Assert.Equal(20, ReadAll(journal).Count(type => type == RecordType.Close));
    }

    [Fact]
    public void Open_refuses_a_folder_that_another_gateway_uses()
    {
        using var journal = Open();

        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void DeleteOld_keeps_what_is_young_or_needed()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        using var journal = new JournalFile(
            Options.Create(new JournalOptions { Folder = _folder, SegmentBytes = 16 * 1024 }), clock, NullLogger<JournalFile>.Instance);
        journal.PrepareAhead();
        journal.Begin(1);
        while (JournalPosition.Segment(journal.End) < 4)
        {
            journal.Append(RecordType.Progress, new byte[1_000]);
            journal.PrepareAhead();
        }

        journal.DeleteOld(journal.End);
        var young = journal.Beginning;
        clock.Advance(TimeSpan.FromDays(8));
        journal.DeleteOld(JournalPosition.Of(2, 500));
        var needed = journal.Beginning;
        journal.DeleteOld(journal.End);

        Assert.Equal(1, JournalPosition.Segment(young));
        Assert.Equal(2, JournalPosition.Segment(needed));
        Assert.Equal(4, JournalPosition.Segment(journal.Beginning));
    }

    private static int FillUp(RequestJournal requests, AdmittedRequest request, JournalFile journal)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                requests.Progress(request.RequestId, new Units(5, Output: i));
                journal.PrepareAhead();
            }
            catch (JournalFullException)
            {
                return i;
            }
        }
    }

    internal static AdmittedRequest Admit(RequestJournal requests, long epoch = 1)
    {
        var request = new AdmittedRequest(
            Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), "tiny-assistant",
            "chat.completions",
            true, Guid.NewGuid(), new UsagePrice(new Contracts.Money.UnitPrices(500, 0, 1500, 0, 0, 0), DateTimeOffset.UnixEpoch, true),
            new Units(50, Output: 100), epoch,
            DateTimeOffset.UnixEpoch,
            175, 60);
        Assert.True(requests.TryOpen(request.RequestId, request.OrganizationId));
        Assert.True(requests.TryAdmit(request));
        return request;
    }

    /// <summary>BOOT, OPEN, ADMITTED, PROGRESS, CLOSE; returns the offset after each.</summary>
    private List<int> WriteSmallJournal()
    {
        using var journal = Open();
        var ends = new List<int>();
        journal.PrepareAhead();
        journal.Begin(1);
        ends.Add(JournalPosition.Offset(journal.End));
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        var requestId = Guid.NewGuid();
        requests.TryOpen(requestId, Guid.NewGuid());
        ends.Add(JournalPosition.Offset(journal.End));
        requests.Progress(requestId, new Units(5, Output: 1));
        ends.Add(JournalPosition.Offset(journal.End));
        requests.Progress(requestId, new Units(5, Output: 2));
        ends.Add(JournalPosition.Offset(journal.End));
        requests.Drop(requestId);
        ends.Add(JournalPosition.Offset(journal.End));
        return ends;
    }

    private static List<RecordType> ReadAll(JournalFile journal)
    {
        var types = new List<RecordType>();
        for (var reader = new JournalReader(journal, journal.Beginning); reader.Read();)
        {
            types.Add(reader.Type);
        }

        return types;
    }

    private JournalFile Open(int segmentBytes = 16 * 1024) => new(
        Options.Create(new JournalOptions { Folder = _folder, SegmentBytes = segmentBytes }), TimeProvider.System,
        NullLogger<JournalFile>.Instance);
}
