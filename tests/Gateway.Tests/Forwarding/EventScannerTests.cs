using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Forwarding;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class EventScannerTests
{
    private static ScannedEvents Scan(string text, long tokens = 0, long most = 100) =>
        EventScanner.Scan(Encoding.UTF8.GetBytes(text), tokens, most, Wire.Of(null));

    [Fact]
    public void Scan_takes_whole_events_and_leaves_the_rest()
    {
        var events = Scan("id: 1\ndata: {\"a\":1}\n\nid: 3\ndata: {\"b\":2}\n\nid: 4\ndata: {\"c");

        Assert.Equal(("id: 1\ndata: {\"a\":1}\n\nid: 3\ndata: {\"b\":2}\n\n".Length, 3L, true, ScanEnd.NeedsMore),
            (events.Length, events.Tokens, events.Counted, events.End));
    }

    [Theory]
    [InlineData("")]
    [InlineData("id: 1")]
    [InlineData("id: 1\ndata: {}\n")]
    public void Scan_takes_nothing_of_an_event_without_an_end(string text) =>
        Assert.Equal(new ScannedEvents(0, false, 0, 0, ScanEnd.NeedsMore, 0), Scan(text));

    [Theory]
    [InlineData("data: [DONE]\n\n", 5)]
    [InlineData("id: 7\ndata: [DONE]\n\n", 7)]
    public void Scan_stops_at_the_end_of_the_stream(string done, long tokens)
    {
        var first = "id: 5\ndata: {}\n\n";

        var events = Scan(first + done);

        Assert.Equal(new ScannedEvents(first.Length, true, tokens, 1, ScanEnd.Done, done.Length), events);
    }

    [Theory]
    [InlineData("id: 4\ndata: {}\n\n")] // It falls.
    [InlineData("id: 101\ndata: {}\n\n")] // Above the hold.
    [InlineData("id: -1\ndata: {}\n\n")]
    [InlineData("id: x\ndata: {}\n\n")]
    [InlineData("id: 6x\ndata: {}\n\n")]
    [InlineData("id: \ndata: {}\n\n")]
    [InlineData("id: 99999999999999999999\ndata: {}\n\n")]
    [InlineData("data: {\"not\":\"counted\"}\n\n")]
    [InlineData("id: 3\ndata: [DONE]\n\n")]
    public void Scan_refuses_an_event_that_breaks_the_rules(string text) => Assert.Equal(ScanEnd.Broken, Scan(text, tokens: 5).End);

    [Fact]
    public void Scan_passes_comments_on_without_counting_them()
    {
        var events = Scan(": keep-alive\n\n", tokens: 5);

        Assert.Equal(new ScannedEvents(": keep-alive\n\n".Length, false, 5, 1, ScanEnd.NeedsMore, 0), events);
    }

    [Theory]
    [InlineData("responses", "id: 1\nevent: response.completed\ndata: {}\n\n", ScanEnd.Done)]
    [InlineData("responses", "id: 1\nevent: response.incomplete\ndata: {}\n\n", ScanEnd.Done)]
    [InlineData("responses", "id: 1\nevent: response.failed\ndata: {}\n\n", ScanEnd.Failed)]
    [InlineData("responses", "id: 1\nevent: response.completed.early\ndata: {}\n\n", ScanEnd.NeedsMore)]
    [InlineData("messages", "id: 1\nevent: message_stop\ndata: {}\n\n", ScanEnd.Done)]
    [InlineData("messages", "id: 1\nevent: error\ndata: {}\n\n", ScanEnd.Failed)]
    [InlineData("messages", "id: 1\nevent: message_delta\ndata: {}\n\n", ScanEnd.NeedsMore)]
    public void Scan_knows_the_end_of_each_wire(string wire, string text, object end)
    {
        var api = new PublicEndpoint("x", "POST", "X", "x", "/x") { Wire = wire == "messages" ? ApiWire.Anthropic : ApiWire.Responses };

        var events = EventScanner.Scan(Encoding.UTF8.GetBytes(text), tokens: 0, mostTokens: 5, Wire.Of(api));

        Assert.Equal((ScanEnd)end, events.End);
    }

    [Fact]
    public void Scan_finds_an_error_frame()
    {
        var events = Scan("id: 1\ndata: {}\n\ndata: {\"error\":{}}\n\nid: 2\ndata: {}\n\n");

        Assert.Equal((ScanEnd.Failed, 1L), (events.End, events.Tokens));
    }
}
