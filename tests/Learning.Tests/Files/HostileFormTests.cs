using System.Text;

namespace Tollgate.Learning.Tests.Files;

/// <summary>Forms that no client of good will sends: a clear error, and nothing stays.</summary>
public sealed class HostileFormTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const string Purpose = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n";
    private const string File = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n";
    private const string End = "--b--\r\n";

    public static TheoryData<string, string, string> Forms => new()
    {
        { "no boundary in the header", "multipart/form-data", Purpose + File + End },
        { "two boundaries", "multipart/form-data; boundary=b; boundary=c", Purpose + File + End },
        { "another boundary", "multipart/form-data; boundary=c", Purpose + File + End },
        { "no closing boundary", "multipart/form-data; boundary=b", Purpose + File },
        { "cut off in the headers", "multipart/form-data; boundary=b", Purpose + "--b\r\nContent-Dispo" },
        { "no part", "multipart/form-data; boundary=b", End },
        { "nothing", "multipart/form-data; boundary=b", "" },
        { "huge header", "multipart/form-data; boundary=b", $"--b\r\nX: {new string('x', 20_000)}\r\n\r\nx\r\n" + End },
        {
            "many headers", "multipart/form-data; boundary=b",
            "--b\r\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"X-{i}: y\r\n")) + "\r\nx\r\n" + End
        },
        {
            "long field", "multipart/form-data; boundary=b",
            $"--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{new string('x', 2_000_000)}\r\n" + File + End
        },
        {
            "many parts", "multipart/form-data; boundary=b",
            string.Concat(Enumerable.Range(0, 200).Select(i => $"--b\r\nContent-Disposition: form-data; name=\"p{i}\"\r\n\r\nx\r\n")) + End
        },
        { "no disposition", "multipart/form-data; boundary=b", "--b\r\nContent-Type: a/b\r\n\r\nx\r\n" + End },
        {
            "control character in a name", "multipart/form-data; boundary=b",
            Purpose + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\tb\"\r\n\r\nx\r\n" + End
        },
        {
            "long name", "multipart/form-data; boundary=b",
            Purpose + $"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{new string('x', 300)}\"\r\n\r\nx\r\n" + End
        },
        {
            "no media type", "multipart/form-data; boundary=b",
            Purpose + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: x\r\n\r\nx\r\n" + End
        },
        {
            "base64 by header", "multipart/form-data; boundary=b",
            Purpose + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\neA==\r\n" + End
        },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_hostile_form_is_refused_and_leaves_nothing(string what, string type, string body)
    {
        var before = learning.Stored();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await learning.SendAsync(LearningFixture.NewCaller(), HttpMethod.Post, "/v1/files", content);

        var error = await LearningFixture.ErrorAsync(response, 400);
        Assert.False(string.IsNullOrEmpty(error.Message), what);
        Assert.Equal(before, learning.Stored());
    }
}
