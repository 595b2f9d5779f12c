using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Accounts.Tests.Members;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>Every address of the portal × everybody who may ask, against <see cref="TenancyTable"/>, over plain HTTP.</summary>
public sealed partial class TenancyMatrixTests(TenancyWorld world) : IClassFixture<TenancyWorld>
{
    private static readonly Person[] People = Enum.GetValues<Person>();

    private static IEnumerable<TenancyRow> Rows => TenancyTable.Reads.Concat(TenancyTable.Posts);

    [Fact]
    public void Every_route_has_a_row_and_every_row_a_route()
    {
        var routes = Endpoints().Where(endpoint => !IsInternal(endpoint)).SelectMany(RoutesOf).ToHashSet();
        var formless = Endpoints().Where(IsPage).Select(PatternOf).Where(page => !HasForms(page)).Select(page => $"POST {page}");
        var rows = Rows.Select(row => row.Route).Concat(formless).ToHashSet();

        Demand([.. routes.Except(rows).Select(route => $"{route} has no row")]);
        Demand([.. rows.Except(routes).Select(row => $"{row} is no route")]);
    }

    [Fact]
    public async Task Each_page_answers_each_person_as_the_table_says_and_every_form_that_it_shows_has_a_row()
    {
        var forms = new ConcurrentDictionary<(string Pattern, string Form), bool>();

        var faults = await AskAllAsync(TenancyTable.Reads, async (person, row) =>
        {
            var page = await world[person].OpenAsync(world.Fill(row.Pattern + row.Query, row));
            foreach (var form in FormsOf(page))
            {
                forms[(row.Pattern, form)] = true;
            }

            return [.. Compare(person, row, page), .. await CompareWithMissingAsync(person, row, page)];
        });

        Demand([.. faults, .. forms.Keys.Where(shown => !HasRow(shown)).Select(shown => $"{shown.Pattern} form {shown.Form} has no row")]);
    }

    [Fact]
    public async Task Each_form_is_taken_from_whom_the_table_says_and_what_is_refused_changes_nothing()
    {
        var tokens = People.ToDictionary(person => person, TokenAsync);
        await Task.WhenAll(tokens.Values);
        var before = await world.ChecksumAsync();

        var faults = await AskAllAsync(
            [.. TenancyTable.Posts, .. Formless()],
            async (person, row) => Compare(person, row, await SendAsync(person, row, await tokens[person])));

        var after = await world.ChecksumAsync();
        Assert.True(before.Count > 15, string.Join(' ', before.Keys));
        Demand([.. faults, .. OrganizationRows.Differences(before, after)]);
    }

    [Fact]
    public async Task No_session_opens_an_internal_endpoint_at_either_door()
    {
        var routes = Endpoints().Where(IsInternal).ToList();

        var faults = await Task.WhenAll(People.Select(async person =>
        {
            var found = new List<string>();
            foreach (var endpoint in routes)
            {
                foreach (var (door, expected) in new[]
                {
                    (world.Host.PublicUrl, HttpStatusCode.NotFound), (world.Host.InternalUrl, HttpStatusCode.Unauthorized),
                })
                {
                    var method = RoutesOf(endpoint).First().Split(' ')[0];
                    var path = Parameters().Replace(PatternOf(endpoint), Guid.Empty.ToString());
                    using var request = new HttpRequestMessage(new HttpMethod(method), door + path);
                    var page = await world[person].SendAsync(request);
                    found.AddRange(page.Status == expected ? [] : [$"{method} {door}{path} as {person}: {page.Status}, not {expected}"]);
                }
            }

            return found;
        }));

        Assert.True(routes.Count > 50);
        Demand([.. faults.SelectMany(one => one)]);
    }

    private async Task<IReadOnlyList<string>> AskAllAsync(
        IReadOnlyList<TenancyRow> rows, Func<Person, TenancyRow, Task<IReadOnlyList<string>>> ask)
    {
        var faults = await Task.WhenAll(People.Select(async person =>
        {
            var found = new List<string>();
            foreach (var row in rows.Where(row => row.ExpectedFor(person) != Answer.None))
            {
                found.AddRange(await ask(person, row));
            }

            return found;
        }));
        return [.. faults.SelectMany(one => one)];
    }

    private List<string> Compare(Person person, TenancyRow row, Page page)
    {
        var expected = row.ExpectedFor(person) is Answer.MaySend ? Answer.Bad : row.ExpectedFor(person);
        List<string> faults = [];
        if (Answer.Of(page) != expected)
        {
            faults.Add($"{row.Name} as {person}: {(int)page.Status} {page.Location}, not {expected}");
        }

        string[] secret = person switch
        {
            Person.Sibling => [TenancyWorld.ProjectMark],
            Person.Foreign or Person.Alone or Person.SignedOut => [TenancyWorld.Mark, TenancyWorld.ProjectMark],
            Person.Operator when !row.IsOperators => [TenancyWorld.Mark, TenancyWorld.ProjectMark],
            _ => [],
        };
        var told = page.Html.Replace(world.Fill(row.Pattern, row), "", StringComparison.Ordinal); // A link may lead to the page itself.
        if (!row.MayNameIt && secret.FirstOrDefault(mark => told.Contains(mark, StringComparison.OrdinalIgnoreCase)) is { } named)
        {
            faults.Add($"{row.Name} as {person} names {named}");
        }

        return faults;
    }

    /// <summary>What is another's is answered as what is not there.</summary>
    private async Task<IReadOnlyList<string>> CompareWithMissingAsync(Person person, TenancyRow row, Page page)
    {
        var address = row.Pattern + row.Query;
        if (person is not (Person.Foreign or Person.Sibling) || row.MayNameIt || row.ExpectedFor(person) != Answer.NotFound
            || !address.Contains('{', StringComparison.Ordinal))
        {
            return [];
        }

        var missing = await world[person].OpenAsync(world.Fill(address, row, missing: true));
        return missing.Status == page.Status ? [] : [$"{row.Name} as {person}: {missing.Status} for an id that nothing has"];
    }

    private async Task<Page> SendAsync(Person person, TenancyRow row, Dictionary<string, string> token)
    {
        var path = world.Fill(row.Pattern + row.Query, row);
        Dictionary<string, string> hidden = row.HasToken ? new(token) : [];
        if (row.ExpectedFor(person) == Answer.MaySend)
        {
            return await world[person].SendAsync(path, hidden);
        }

        if (row.Form is { } form)
        {
            hidden["_handler"] = world.Fill(form.Replace("*", TenancyWorld.Domain, StringComparison.Ordinal), row);
        }

        (string Name, string Value)[] fields = [.. row.Fields.Select(field => (field.Name, world.Fill(field.Value, row)))];
        if (!row.IsMultipart)
        {
            return await world[person].SendAsync(path, hidden, fields);
        }

        using var parts = new MultipartFormDataContent();
        foreach (var (name, value) in hidden.Select(one => (one.Key, one.Value)).Concat(fields))
        {
            parts.Add(new StringContent(value), name);
        }

        parts.Add(new ByteArrayContent([1]), "file", "a.jsonl");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = parts };
        return await world[person].SendAsync(request);
    }

    private async Task<Dictionary<string, string>> TokenAsync(Person person)
    {
        if (person != Person.SignedOut)
        {
            return await world[person].TokenAsync();
        }

        const string Field = "__RequestVerificationToken";
        return new() { [Field] = (await world[person].HiddenFieldsAsync("/sign-in", "sign-in"))[Field] };
    }

    /// <summary>Pages without forms take none: whoever may open one is refused with 400, also where nothing is found.</summary>
    private IEnumerable<TenancyRow> Formless() =>
        from row in TenancyTable.Reads
        where Endpoints().Any(endpoint => IsPage(endpoint) && PatternOf(endpoint) == row.Pattern) && !HasForms(row.Pattern)
        select row with
        {
            Method = "POST", Form = "any", Expected = string.Concat(row.Expected.Select(letter => letter switch
            {
                Answer.NotFound when row.IsOperators => letter,
                Answer.Ok when row.IsOperators => Answer.None, // What an operator opens is written into the organization's log.
                Answer.Ok or Answer.Redirect or Answer.NotFound => Answer.Bad,
                _ => letter,
            })),
        };

    private static bool HasForms(string pattern) => TenancyTable.Posts.Any(row => row.Pattern == pattern);

    private bool HasRow((string Pattern, string Form) shown) => TenancyTable.Posts.Any(row => row.Pattern == shown.Pattern
        && row.Form is { } form && (form.EndsWith('*')
            ? shown.Form.StartsWith(form.TrimEnd('*'), StringComparison.Ordinal) : world.Fill(form, row) == shown.Form));

    private static IEnumerable<string> FormsOf(Page page) =>
        Handlers().Matches(page.Html).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value));

    private IEnumerable<RouteEndpoint> Endpoints() =>
        world.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static IEnumerable<string> RoutesOf(RouteEndpoint endpoint) =>
        (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => $"{method} {PatternOf(endpoint)}");

    private static string PatternOf(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');

    private static bool IsInternal(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<InternalCallers>() is not null;

    private static bool IsPage(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Components.Endpoints.ComponentTypeMetadata>() is not null;

    private static void Demand(IReadOnlyCollection<string> faults) =>
        Assert.True(faults.Count == 0, string.Join('\n', faults.Order(StringComparer.Ordinal)));

    [GeneratedRegex("name=\"_handler\" value=\"([^\"]*)\"")]
    private static partial Regex Handlers();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameters();
}
