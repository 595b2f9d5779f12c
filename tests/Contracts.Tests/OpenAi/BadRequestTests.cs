using System.Text;
using System.Text.Json;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class BadRequestTests
{
    public static TheoryData<int> Numbers => new(Enumerable.Range(0, BadRequests.All.Count));

    [Theory]
    [MemberData(nameof(Numbers))]
    public void TryParse_refuses_a_bad_member_and_names_it(int number)
    {
        var bad = BadRequests.All[number];

        var (request, error) = Parse.Body(bad.Path, Encoding.UTF8.GetBytes(bad.Body));

        Assert.Null(request);
        Assert.NotNull(error);
        Assert.Equal((bad.Status, bad.Code, bad.Param), (error.Status, error.Code, error.Param));
        Assert.Equal("invalid_request_error", error.Type);
        Assert.InRange(error.Message.Length, 10, 600);
        using var json = JsonDocument.Parse(error.ToJson());
        Assert.Equal(
            ["message", "type", "param", "code"], json.RootElement.GetProperty("error").EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("\"temperature\":3", "Invalid value for 'temperature': expected a number between 0 and 2, got 3.")]
    [InlineData("\"temperature\":\"hot\"", "Invalid type for 'temperature': expected a number, but got a string instead.")]
    [InlineData("\"n\":2.0", "Invalid type for 'n': expected an integer, but got a decimal number instead.")]
    [InlineData("\"n\":0", "Invalid value for 'n': expected an integer between 1 and 128, got 0.")]
    [InlineData("\"seed\":99999999999999999999", "Invalid value for 'seed': expected a 64-bit integer, got 99999999999999999999.")]
    [InlineData("\"top_q\":1", "Unrecognized request argument supplied: top_q")]
    [InlineData("\"verbosity\":\"loud\"", "Invalid value for 'verbosity': expected one of 'low', 'medium', 'high', got 'loud'.")]
    [InlineData("\"audio\":{}", "Unsupported parameter: 'audio' is not supported with this endpoint.")]
    [InlineData("\"n\":}", "We could not parse the JSON body of your request: it is not valid JSON at line 1, byte 75.")]
    public void TryParse_says_what_was_expected(string members, string message)
    {
        var (_, error) = Parse.Body(BadRequests.ChatPath, Encoding.UTF8.GetBytes(BadRequests.ChatBody(members)));

        Assert.Equal(message, error?.Message);
    }

    [Fact]
    public void TryParse_repeats_no_more_than_the_start_of_a_long_text()
    {
        var (_, error) = Parse.Body(
            BadRequests.ChatPath, Encoding.UTF8.GetBytes(BadRequests.ChatBody($"\"{new string('x', 1_000_000)}\":1")));

        Assert.Equal(new string('x', 100) + "…", error?.Param);
    }
}
