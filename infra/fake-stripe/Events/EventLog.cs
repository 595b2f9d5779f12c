using System.Text.Json.Nodes;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Events;

/// <summary><c>/v1/events</c>: events in order, with their delivery state.</summary>
internal sealed class EventLog(StripeState state, WebhookSender sender, TimeProvider clock)
{
    private const string ApiVersion = "2026-10-28.endive";

    /// <summary>Records an event and passes it to the sender. The task completes after the first delivery, successful or not.</summary>
    public Task Add(string type, JsonObject about)
    {
        var announced = new JsonObject
        {
            ["id"] = StripeState.NewId("evt_"),
            ["object"] = "event",
            ["api_version"] = ApiVersion,
            ["created"] = clock.GetUtcNow().ToUnixTimeSeconds(),
            ["data"] = new JsonObject { ["object"] = about.DeepClone() },
            ["livemode"] = false,
            ["pending_webhooks"] = 1,
            ["request"] = new JsonObject { ["id"] = null, ["idempotency_key"] = null },
            ["type"] = type,
        };
        state.Events.Add(announced);
        return sender.Queue(announced["id"]!.GetValue<string>(), announced.ToJsonString());
    }

    public StripeAnswer Retrieve(string id) =>
        state.Events.FirstOrDefault(one => one!["id"]!.GetValue<string>() == id) is { } found
            ? StripeAnswer.Ok(found)
            : StripeAnswer.Missing("event", id);

    public StripeAnswer List(StripeParameters parameters)
    {
        if (parameters.RefuseUnknown("limit", "type", "starting_after", "created[gte]") is { } refused)
        {
            return refused;
        }

        var newestFirst = state.Events.Reverse().Select(one => one!.AsObject())
            .Where(one => parameters.Text("type") is not { } type || one["type"]!.GetValue<string>() == type)
            .Where(one => parameters.Number("created[gte]") is not { } since || one["created"]!.GetValue<long>() >= since)
            .ToList();
        if (parameters.Text("starting_after") is { } after)
        {
            newestFirst = [.. newestFirst.SkipWhile(one => one["id"]!.GetValue<string>() != after).Skip(1)];
        }

        var page = newestFirst.Take((int)Math.Clamp(parameters.Number("limit") ?? 10, 1, 100))
            .Select(JsonNode (one) => one.DeepClone()).ToArray();
        return StripeAnswer.Ok(new JsonObject
        {
            ["object"] = "list", ["url"] = "/v1/events", ["has_more"] = newestFirst.Count > page.Length, ["data"] = new JsonArray(page),
        });
    }
}
