using System.Text.Json.Nodes;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Customers;

/// <summary><c>/v1/customers</c>.</summary>
internal sealed class CustomerObjects(StripeState state, TimeProvider clock)
{
    public StripeAnswer Create(StripeParameters parameters)
    {
        if (parameters.RefuseUnknown("email", "name", "description", "metadata[#]") is { } refused)
        {
            return refused;
        }

        var id = StripeState.NewId("cus_");
        state.Objects[id] = new JsonObject
        {
            ["id"] = id,
            ["object"] = "customer",
            ["created"] = clock.GetUtcNow().ToUnixTimeSeconds(),
            ["description"] = parameters.Text("description"),
            ["email"] = parameters.Text("email"),
            ["livemode"] = false,
            ["metadata"] = parameters.Map("metadata"),
            ["name"] = parameters.Text("name"),
        };
        return StripeAnswer.Ok(state.Objects[id]!);
    }

    public StripeAnswer Retrieve(string id) =>
        state.Find(id, "customer") is { } customer ? StripeAnswer.Ok(customer) : StripeAnswer.Missing("customer", id);
}
