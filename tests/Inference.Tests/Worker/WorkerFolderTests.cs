using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Witness;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Worker;

public sealed class WorkerFolderTests
{
    private readonly string _data = TestFolder.Create("worker");

    [Fact]
    public void One_worker_has_the_folder_and_the_name_as_they_are()
    {
        using var only = Take(mostReplicas: 1);

        var refused = Assert.Throws<InvalidOperationException>(() => Take(mostReplicas: 1));

        Assert.Equal(("w", _data), (only.WorkerId, only.Path));
        Assert.StartsWith($"Worker:DataDirectory: another worker has {_data}.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replicas_take_the_first_free_place_until_all_are_taken()
    {
        using var first = Take(mostReplicas: 3);
        var second = Take(mostReplicas: 3);
        using var third = Take(mostReplicas: 3);
        var refused = Assert.Throws<InvalidOperationException>(() => Take(mostReplicas: 3));
        second.Dispose();

        using var next = Take(mostReplicas: 3);

        Assert.Equal(("w-1", Path.Combine(_data, "1")), (first.WorkerId, first.Path));
        Assert.Equal(("w-2", Path.Combine(_data, "2")), (next.WorkerId, next.Path));
        Assert.Equal("w-3", third.WorkerId);
        Assert.Equal($"Worker:MostReplicas: 3 workers already have all places in {_data}.", refused.Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_used_is_not_taken_for_a_busy_one()
    {
        File.WriteAllText(Path.Combine(_data, "1"), "a file where the first place should be");

        Assert.Throws<IOException>(() => Take(mostReplicas: 2));
    }

    [Fact]
    public async Task The_next_worker_in_a_place_goes_on_with_its_log()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        var (firstId, secondId) = (await IdAsync(first), await IdAsync(second));
        var log = first.Services.GetRequiredService<WitnessLog>();
        log.Append(Guid.NewGuid(), 1, Guid.Empty, "tiny-assistant", new(1));
        var (logId, end) = (log.LogId, log.End);
        await first.StopAsync();
        await first.DisposeAsync();

        await using var next = await StartAsync();

        Assert.Equal(("test-1", "test-2", "test-1"), (firstId, secondId, await IdAsync(next)));
        var continued = next.Services.GetRequiredService<WitnessLog>();
        Assert.Equal((logId, end), (continued.LogId, continued.End));
        Assert.NotEqual(logId, second.Services.GetRequiredService<WitnessLog>().LogId);
    }

    private WorkerFolder Take(int mostReplicas) =>
        new(Options.Create(new WorkerOptions { Id = "w", DataDirectory = _data, MostReplicas = mostReplicas }));

    private async Task<WebApplication> StartAsync()
    {
        var app = InferenceApp.Create(WorkerFixture.Arguments(TestFolder.Create("repository"), _data, "--Worker:MostReplicas=2"));
        await app.StartAsync();
        return app;
    }

    private static async Task<string> IdAsync(WebApplication app)
    {
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        return (await WorkerFixture.StatusAsync(gateway)).WorkerId;
    }
}
