namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>What one address answers to each <see cref="Person"/>.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Pattern">The route as the application maps it.</param>
/// <param name="Expected">A letter of <see cref="Answer"/> a person, in their order. Spaces only group.</param>
internal sealed record TenancyRow(string Method, string Pattern, string Expected)
{
    /// <summary>Query string with its question mark. Like fields, it may name ids in braces.</summary>
    public string Query { get; init; } = "";

    /// <summary>Name of the form that is sent; null for an endpoint without named forms.</summary>
    public string? Form { get; init; }

    /// <summary>Fields of the form, valid for whoever may send it.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields { get; init; } = [];

    /// <summary>Ids of the path and of fields that differ from those of <see cref="TenancyWorld"/>: the world's name of the id for each.
    /// </summary>
    public IReadOnlyDictionary<string, string> Ids { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the form's token is sent. Default true.</summary>
    public bool HasToken { get; init; } = true;

    /// <summary>Whether the fields come as parts, as where a file follows them.</summary>
    public bool IsMultipart { get; init; }

    /// <summary>Whether the answer may name things of the organization to whoever gets one: a mailed link proves the right.</summary>
    public bool MayNameIt { get; init; }

    /// <summary>The route with its method.</summary>
    public string Route => $"{Method} {Pattern}";

    /// <summary>Whether the page is one of the operator's, who may see every organization.</summary>
    public bool IsOperators => Pattern.StartsWith("/admin", StringComparison.Ordinal);

    public string Name => Form is null ? Route : $"{Route} form {Form}";

    public char ExpectedFor(Person person) => Expected.Replace(" ", "", StringComparison.Ordinal)[(int)person];
}

/// <summary>The letters of the table.</summary>
internal static class Answer
{
    /// <summary>200 to 299.</summary>
    public const char Ok = '2';

    /// <summary>A redirect to the page that signs in.</summary>
    public const char SignIn = 'S';

    /// <summary>A redirect to the page that offers an organization.</summary>
    public const char Organizations = 'O';

    /// <summary>Any other redirect.</summary>
    public const char Redirect = '>';

    /// <summary>400: a forged form, or one that the page does not show to the person.</summary>
    public const char Bad = 'B';

    /// <summary>401, for scripts.</summary>
    public const char Unauthorized = 'U';

    /// <summary>403.</summary>
    public const char Forbidden = 'F';

    /// <summary>404.</summary>
    public const char NotFound = '4';

    /// <summary>410.</summary>
    public const char Gone = 'G';

    /// <summary>
    /// The person may send the form. So that nothing changes it is sent without its name, which the page refuses with 400 after every check
    /// of the person. For every other letter the whole form is sent, and must change nothing of the organization.
    /// </summary>
    public const char MaySend = '+';

    /// <summary>Not asked.</summary>
    public const char None = '.';

    public static char Of(Page page) => ((int)page.Status, PathOf(page)) switch
    {
        ( >= 200 and < 300, _) => Ok,
        ( >= 300 and < 400, "/sign-in") => SignIn,
        ( >= 300 and < 400, "/organizations") => Organizations,
        ( >= 300 and < 400, _) => Redirect,
        (400, _) => Bad,
        (401, _) => Unauthorized,
        (403, _) => Forbidden,
        (404, _) => NotFound,
        (410, _) => Gone,
        _ => '?',
    };

    private static string? PathOf(Page page) =>
        page.Location is { } location ? new Uri(new Uri("http://portal"), location).AbsolutePath : null;
}
