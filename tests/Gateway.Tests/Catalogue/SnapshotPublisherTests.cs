using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Gateway.Tests.Catalogue;

public sealed class SnapshotPublisherTests
{
    private static readonly JsonTypeInfo<string> Json =
        (JsonTypeInfo<string>)new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        }.GetTypeInfo(typeof(string));

    [Fact]
    public async Task A_service_that_stops_answers_who_waits_for_a_change_instead_of_waiting_for_them()
    {
        var publisher = new SnapshotPublisher<string>(Json, new FakeTimeProvider()); // Its 25 s never pass.
        publisher.Publish("one");
        await using var app = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]).Build();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Use((context, next) =>
        {
            if (context.Request.Headers.IfNoneMatch.Count > 0)
            {
                asked.SetResult();
            }

            return next(context);
        });
        app.MapSnapshot("/snapshot", publisher);
        await app.StartAsync();
        using var http = new HttpClient();
        var url = app.Urls.Single() + "/snapshot";
        using var first = await http.GetAsync(url);
        using var again = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        var waiting = http.SendAsync(again);
        await asked.Task;
        Assert.False(waiting.IsCompleted);

        await app.StopAsync();

        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
    }

    [Fact]
    public async Task WaitForFollowersAsync_waits_until_those_who_followed_have_taken_the_change_over()
    {
        using var stop = new CancellationTokenSource();
        var publisher = new SnapshotPublisher<string>(Json, TimeProvider.System);
        publisher.Publish("one");
        var follower = AskAsync(await AskAsync(""));
        publisher.Publish("two");

        var followed = publisher.WaitForFollowersAsync(TimeSpan.FromMinutes(1), default);
        var second = await follower;
        Assert.False(followed.IsCompleted);
        var next = AskAsync(second);
        await followed;

        Assert.False(next.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        publisher.Publish("three"); // Nobody follows any more.
        await publisher.WaitForFollowersAsync(TimeSpan.FromMinutes(1), default);

        async Task<string> AskAsync(string known)
        {
            var context = new DefaultHttpContext();
            context.Request.Headers.IfNoneMatch = known;
            await publisher.AnswerAsync(context.Request, default, stop.Token);
            return context.Response.Headers.ETag.ToString();
        }
    }
}
