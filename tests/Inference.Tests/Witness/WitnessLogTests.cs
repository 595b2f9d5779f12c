using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Witness;
using Tollgate.Inference.Worker;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Witness;

public sealed class WitnessLogTests : IDisposable
{
    private readonly string _folder = TestFolder.Create("witness");
    private readonly WorkerFolder _worker;

    public WitnessLogTests() => _worker = new WorkerFolder(Options.Create(new WorkerOptions { DataDirectory = _folder }));

    public void Dispose() => _worker.Dispose();

    [Fact]
    public void Append_is_read_back_by_position_also_by_the_next_process()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var organization = Guid.NewGuid();
        Guid logId;
        using (var log = Open())
        {
            logId = log.LogId;
            log.Append(first, 1, organization, "tiny-assistant", new Units(12, 0, 34));
            log.Append(second, 2, Guid.Empty, "tiny-assistant", new Units(5, 1, 2, 3, 4, 6));
        }

        using var reopened = Open();
        var page = reopened.Read(after: 0, limit: 1);
        var rest = reopened.Read(page.Next, limit: 10);

        Assert.Equal(logId, page.LogId);
        Assert.Equal((first, 1, organization, new Units(12, 0, 34)),
            (page.Entries[0].RequestId, page.Entries[0].Attempt, page.Entries[0].OrganizationId, page.Entries[0].Units));
        Assert.Equal((second, 2, null, new Units(5, 1, 2, 3, 4, 6)),
            (rest.Entries[0].RequestId, rest.Entries[0].Attempt, rest.Entries[0].OrganizationId, rest.Entries[0].Units));
        Assert.Equal(reopened.End, rest.Next);
        Assert.Empty(reopened.Read(rest.Next, limit: 10).Entries);
        Assert.Equal(new Units(12, 0, 34), reopened.Find(first));
    }

    [Fact]
    public void A_record_of_the_version_with_six_kinds_is_read_and_one_without_later_kinds_is_written_the_same()
    {
        var old = Convert.FromBase64String(
            "agAAALhmDAsBlaqqAABwAIAAAAAAAAABAgAAAAGVqqoAAHAAgAAAAAAAAAIBAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAA"
            + "AABgAAAAAAAAAAcFwIaWEGAHRpbnktYXNzaXN0YW50");
        var (request, organization) = (new Guid("0195aaaa-0000-7000-8000-000000000001"), new Guid("0195aaaa-0000-7000-8000-000000000002"));
        var at = new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

        Assert.True(WitnessRecord.TryRead(old, position: 40, out var entry));
        var written = WitnessRecord.Write(request, 2, organization, "tiny-assistant", new Units(1, 2, 3, 4, 5, 6), at);

        Assert.Equal(
            new WitnessEntry(40 + old.Length, request, 2, organization, "tiny-assistant", new Units(1, 2, 3, 4, 5, 6), at), entry);
        Assert.Equal(old, written);
    }

    [Theory]
    [InlineData(0, 1, 0, 0)]
    [InlineData(1, 0, 0, 0)]
    [InlineData(0, 0, 0, 1)]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue)]
    public void Later_kinds_are_read_back_behind_the_name(long pixels, long steps, long calls, long elements)
    {
        var units = new Units(1, 2, 3, 4, 5, 6, pixels, steps, calls, elements);
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        using (var log = Open())
        {
            log.Append(first, 1, Guid.Empty, "größer", units);
            log.Append(second, 1, Guid.Empty, "größer", new Units(1));
        }

        using var reopened = Open();
        var entries = reopened.Read(after: 0, limit: 10).Entries;

        Assert.Equal([(first, "größer", units), (second, "größer", new Units(1))], entries.Select(e => (e.RequestId, e.Model, e.Units)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    public void Opening_cuts_a_torn_tail_and_goes_on_after_the_last_whole_entry(int missing)
    {
        var (kept, torn, next) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        using (var log = Open())
        {
            log.Append(kept, 1, Guid.Empty, "m", new Units(1));
            log.Append(torn, 1, Guid.Empty, "m", new Units(2));
        }

        using (var file = File.OpenWrite(Directory.GetFiles(_folder, "*.witness", SearchOption.AllDirectories).Single()))
        {
            file.SetLength(file.Length - missing);
        }

        using (var log = Open())
        {
            log.Append(next, 1, Guid.Empty, "m", new Units(3));
        }

        using var reopened = Open();
        Assert.Equal([kept, next], reopened.Read(0, 10).Entries.Select(entry => entry.RequestId));
    }

    [Fact]
    public void Append_begins_new_segments_and_reading_goes_on_over_them()
    {
        using var log = Open(new WitnessOptions { SegmentBytes = 4096, MostSegments = 3 });
        var requests = Enumerable.Range(0, 400).Select(_ => Guid.NewGuid()).ToList();

        requests.ForEach(request => log.Append(request, 1, Guid.Empty, "tiny-assistant", new Units(1)));

        var read = new List<Guid>();
        for (var page = log.Read(0, 50); page.Entries.Count > 0; page = log.Read(page.Next, 50))
        {
            read.AddRange(page.Entries.Select(entry => entry.RequestId));
        }

        Assert.Equal(requests[^read.Count..], read); // The oldest segments are gone.
        Assert.InRange(read.Count, 60, 150);
        Assert.Equal(3, Directory.GetFiles(_folder, "*.witness", SearchOption.AllDirectories).Length);
    }

    private WitnessLog Open(WitnessOptions? options = null) => new(
        _worker,
        Options.Create(options ?? new WitnessOptions()),
        TimeProvider.System,
        NullLogger<WitnessLog>.Instance);
}
