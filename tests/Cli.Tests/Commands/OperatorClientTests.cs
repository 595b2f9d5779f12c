using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Tests.Commands;

public sealed class OperatorClientTests
{
    [Fact]
    public async Task Faults_by_member_come_all_at_once()
    {
        using var answer = Problem(new HttpValidationProblemDetails(
            new Dictionary<string, string[]> { ["name"] = ["Too long.", "Has a blank."], ["rpm"] = ["Too small."] }));

        Assert.Equal(
            [("name", "Too long."), ("name", "Has a blank."), ("rpm", "Too small.")],
            await OperatorClient.ReadFaultsAsync(answer, CancellationToken.None));
    }

    [Fact]
    public async Task Without_members_the_detail_is_the_fault_then_the_title()
    {
        using var detailed = Problem(new ProblemDetails { Title = "Conflict", Detail = "It is in force." });
        using var titled = Problem(new ProblemDetails { Title = "Conflict" });

        Assert.Equal([("", "It is in force.")], await OperatorClient.ReadFaultsAsync(detailed, CancellationToken.None));
        Assert.Equal([("", "Conflict")], await OperatorClient.ReadFaultsAsync(titled, CancellationToken.None));
    }

    [Fact]
    public async Task Another_answer_has_no_faults()
    {
        using var page = new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("<html>", null, "text/html") };
        using var empty = new HttpResponseMessage(HttpStatusCode.NotFound);

        Assert.Empty(await OperatorClient.ReadFaultsAsync(page, CancellationToken.None));
        Assert.Empty(await OperatorClient.ReadFaultsAsync(empty, CancellationToken.None));
    }

    private static HttpResponseMessage Problem<T>(T problem) => new(HttpStatusCode.BadRequest)
    {
        Content = JsonContent.Create(problem, new System.Net.Http.Headers.MediaTypeHeaderValue("application/problem+json")),
    };
}
