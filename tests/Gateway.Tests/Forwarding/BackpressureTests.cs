using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class BackpressureTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    private const string Full =
        """{"error":{"message":"No place.","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}""";

    [Fact]
    public void A_refusal_is_repeated_for_a_quarter_of_a_second_to_its_organization_and_for_its_model_alone()
    {
        var clock = new FakeTimeProvider();
        var backpressure = new Backpressure(clock);
        var (loud, error) = (Guid.NewGuid(), OpenAiError.Overloaded(TimeSpan.FromSeconds(1)));
        backpressure.Note(loud, "tiny-assistant", ServiceClass.Standard, error);

        Assert.Same(error, backpressure.Find(loud, "tiny-assistant", ServiceClass.Standard));
        Assert.Null(backpressure.Find(loud, "tiny-embed", ServiceClass.Standard));
        Assert.Null(backpressure.Find(Guid.NewGuid(), "tiny-assistant", ServiceClass.Standard));
        Assert.Null(backpressure.Find(loud, "tiny-assistant", ServiceClass.Batch));
        Assert.Null(backpressure.Find(loud, "tiny-assistant", ServiceClass.Standard, version: "2"));
        clock.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Null(backpressure.Find(loud, "tiny-assistant", ServiceClass.Standard));
    }

    [Fact]
    public async Task Who_asks_again_at_once_after_a_full_queue_does_not_reach_the_worker_each_time_and_others_do()
    {
        const int Requests = 50;
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (loud, other) = (await gateway.CreateKeyAsync(), await gateway.CreateKeyAsync());
        gateway.Worker.Script = call => call.AnswerAsync(Full, status: 503);

        for (var i = 0; i < Requests; i++)
        {
            using var refused = await gateway.PostAsync(loud, Chat, Hello);
            await ErrorTests.AssertErrorAsync(refused, 503, "server_is_overloaded");
        }

        Assert.InRange(gateway.Worker.Calls.Count, 1, Requests - 1);
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(3, Output: 2));
        using var answered = await gateway.PostAsync(other, Chat, Hello);
        Assert.True(answered.IsSuccessStatusCode);
    }
}
