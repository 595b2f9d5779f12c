using System.Net;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Till;

/// <summary>Money that is brought into a till before its first request.</summary>
public sealed class LeasePrefetchTests
{
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public async Task The_first_request_after_a_prefetch_waits_for_no_lease()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            plane => plane.LeaseTime = TimeSpan.FromSeconds(1), "--Till:LeaseWait=00:00:00.100");
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var (cold, warm) = (await gateway.CreateKeyAsync(), await gateway.CreateKeyAsync());

        using var prefetched = await PrefetchAsync(gateway, warm.Record.OrganizationId, "operator");
        using var refused = await PrefetchAsync(gateway, warm.Record.OrganizationId, "billing");
        using var first = await gateway.PostAsync(warm, "/v1/chat/completions", Hello);
        using var without = await gateway.PostAsync(cold, "/v1/chat/completions", Hello);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK), (prefetched.StatusCode, first.StatusCode));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, without.StatusCode);
        Assert.NotEqual(HttpStatusCode.NoContent, refused.StatusCode);
    }

    private static async Task<HttpResponseMessage> PrefetchAsync(GatewayUnderTest gateway, Guid organizationId, string caller)
    {
        using var http = new HttpClient { BaseAddress = new Uri(gateway.App.Url(ListenerKind.Internal)) };
        http.DefaultRequestHeaders.Authorization = TestBearers.Header(caller, "gateway");
        return await http.PostAsync($"/internal/tills/{organizationId}", null);
    }
}
