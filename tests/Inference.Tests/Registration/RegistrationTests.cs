using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Witness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Registration;

/// <summary>A worker's heartbeats, as Accounts gets them.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public async Task A_worker_says_where_it_is_then_that_it_drains_and_last_where_its_log_ends()
    {
        var repository = TestFolder.Create("repository");
        await WorkerFixture.CopyModelsAsync(repository, "tiny-assistant");
        await using var accounts = await HeartbeatResponder.StartAsync();
        await using var app = InferenceApp.Create(
            WorkerFixture.Arguments(repository, TestFolder.Create("worker"), $"--Services:accounts={accounts.Url}"));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await WorkerFixture.WaitForModelAsync(gateway, "tiny-assistant");
        await Until.TrueAsync(() => accounts.Beats.Any(beat => beat.Status.Models.Count == 1), "a heartbeat with the model");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                WorkerFixture.EndlessChat(400, stream: true, choices: 16).ToJsonString(), Encoding.UTF8, "application/json"),
        };
        using var response = await gateway.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);

        var stopping = app.StopAsync();
        await Until.TrueAsync(() => accounts.Beats.Any(beat => beat.Status.Draining), "it says that it drains");
        var runningThen = (await WorkerFixture.StatusAsync(gateway)).Models.Sum(model => model.Active);
        var events = await Event.ReadAllAsync(response);
        await stopping;

        var first = accounts.Beats.First();
        Assert.Equal((app.Url(ListenerKind.Internal), "test"), (first.Url, first.Status.WorkerId));
        Assert.True(runningThen > 0, "It said so only when everything had ended.");
        Assert.Equal("[DONE]", events[^1].Data);
        var left = Assert.Single(accounts.Left);
        var log = app.Services.GetRequiredService<WitnessLog>();
        Assert.Equal(new WorkerLeaving(first.Status.StartedAt, new WorkerLogEnd(log.LogId, log.End)), left);
        Assert.True(left.Log.Position > 0);
    }

    [Fact]
    public async Task Without_Accounts_a_worker_serves_and_stops_all_the_same()
    {
        await using var app = InferenceApp.Create(
            WorkerFixture.Arguments(
                TestFolder.Create("repository"), TestFolder.Create("worker"), "--Services:accounts=http://127.0.0.1:9"));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));

        Assert.Equal("test", (await WorkerFixture.StatusAsync(gateway)).WorkerId);
        await app.StopAsync();
    }

    /// <summary>Accounts' half of the protocol.</summary>
    private sealed class HeartbeatResponder(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<WorkerHeartbeat> Beats { get; } = new();

        public ConcurrentQueue<WorkerLeaving> Left { get; } = new();

        public string Url => app.Urls.Single();

        public static async Task<HeartbeatResponder> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.ConfigureHttpJsonOptions(
                json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default));
            var responder = new HeartbeatResponder(builder.Build());
            responder.Map();
            await responder.BeginAsync();
            return responder;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task BeginAsync() => app.StartAsync();

        private void Map()
        {
            app.MapPost("/internal/workers", (WorkerHeartbeat beat) => Beats.Enqueue(beat));
            app.MapPost("/internal/workers/test/leave", (WorkerLeaving leaving) => Left.Enqueue(leaving));
        }
    }
}
