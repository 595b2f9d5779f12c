using System.Globalization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Forms: wrong parts, wrong frames, hostile files, and lengths that lie.</summary>
internal static class HostileForms
{
    private const string Boundary = "xXx";
    private const string Disposition = "Content-Disposition: form-data; name=";

    private static readonly string[] Paths =
        [.. PublicEndpoint.All.Where(api => (api.Bodies & BodyTypes.Form) != BodyTypes.None).Select(api => api.Path)];

    private static readonly (string What, byte[] File)[] Files = [.. HostileMedia.Pictures(), .. HostileMedia.Recordings()];

    /// <summary>Headers of a part, all of them wrong.</summary>
    private static readonly string[] PartHeaders =
    [
        "", "\r\n", "Content-Type: text/plain\r\n", "Content-Disposition: form-data\r\n",
        "Content-Disposition: attachment; name=\"model\"\r\n",
        $"{Disposition}\"\"\r\n", $"{Disposition}\"\xff\xfe\"\r\n", $"{Disposition}\"\xc3\xa9\"\r\n", $"{Disposition}\"a\x01\"\r\n",
        $"{Disposition}\"model\r\n", $"{Disposition}model; name=file\r\n", $"{Disposition}\"model\"; filename=\"\"\r\n",
        $"{Disposition}\"model\"; filename*=UTF-8''%00%0d%0a\r\n", $"{Disposition}\"model\"\r\nContent-Transfer-Encoding: base64\r\n",
        $"{Disposition}\"model\"\r\nContent-Type: text/plain; charset=utf-7\r\n", $"{Disposition}\"{new string('n', 300)}\"\r\n",
        $"{Disposition}\"model\"\r\nX: {new string('h', 9_000)}\r\n", $"{Disposition}\"__proto__\"\r\n", "no header at all\r\n",
        string.Concat(Enumerable.Repeat("A: b\r\n", 20)) + $"{Disposition}\"model\"\r\n", $"{Disposition}\"file\"\r\n\r\n--{Boundary}\r\n",
        $"{Disposition}\"model\"\r\nContent-Type: multipart/mixed; boundary=y\r\n",
    ];

    private static readonly string[] ContentTypes =
    [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
        $"multipart/form-data; boundary=\"{Boundary}\"; boundary=y", $"multipart/form-data; boundary={new string('b', 71)}",
        "multipart/form-data; boundary=\"a\\\"b\"", "multipart/form-data; boundary=\"ends \"", $"multipart/mixed; boundary={Boundary}",
        $"multipart/form-data; BOUNDARY=\"{Boundary}\"", $"multipart/form-data; charset=utf-16; boundary={Boundary}",
        $"Multipart/Form-Data;boundary={Boundary};;;",
    ];

    public static HostileRequest Make(HostileDraw draw)
    {
        var body = draw.Random.Next(6) switch
        {
            0 => Form([Part($"{Disposition}\"model\"\r\n", "tiny"u8), FilePart(draw.One(Files).File)]),
            1 => Form([Part($"{Disposition}\"model\"\r\n", "tiny"u8), Part(draw.One(PartHeaders), draw.Noise(200))]),
            2 => Form([.. Enumerable.Repeat(
                Part($"{Disposition}\"{draw.One(["model", "image[]", "file"])}\"\r\n", "x"u8), draw.One([2, 129, 5_000]))]),
            3 => [.. draw.Noise(3_000), .. Form([FilePart(draw.Noise(3_000))]), .. draw.Noise(3_000)],
            4 => [.. Form([Part($"{Disposition}\"model\"\r\n", "tiny"u8), FilePart(draw.Noise(3_000))])
                .Where(one => one != (byte)'\r')],
            _ => Changed(draw, Form([Part($"{Disposition}\"model\"\r\n", "tiny"u8), FilePart(draw.One(Files).File)])),
        };
        var type = draw.Random.Next(4) == 0 ? draw.One(ContentTypes) : $"multipart/form-data; boundary={Boundary}";
        return draw.Random.Next(5) switch
        {
            0 => Lying(draw, body, type),
            1 => new("forms", [HttpText.Post(draw.One(Paths), draw.Authorization, body[..draw.Random.Next(body.Length)], type: type)]),
            _ => new("forms", [HttpText.Post(draw.One(Paths), draw.Authorization, body, type: type)]),
        };
    }

    /// <summary>More or fewer bytes than the length states, or chunks that end too early.</summary>
    private static HostileRequest Lying(HostileDraw draw, byte[] body, string type)
    {
        var (length, ending) = draw.One<(string, Ending)>(
        [
            (HttpText.Length(10_000_000_000), Ending.Read), (HttpText.Length(26_214_401), Ending.Read),
            (HttpText.Length(body.Length / 2), Ending.Read), (HttpText.Length(0), Ending.Read),
            (HttpText.Length(body.Length + 1), Ending.HalfClose), ("Transfer-Encoding: chunked\r\n", Ending.HalfClose),
        ]);
        byte[] frame = length.StartsWith('T')
            ? [.. HttpText.Bytes(string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n")), .. body, .. "\r\n"u8] : body;
        return new(
            "lengths of forms",
            [
                HttpText.Bytes(HttpText.Head(
                    "POST", draw.One(Paths), draw.Authorization, $"Content-Type: {type}\r\nConnection: close\r\n{length}")),
                frame,
            ],
            ending);
    }

    private static byte[] Changed(HostileDraw draw, byte[] form)
    {
        for (var edits = draw.Random.Next(1, 8); edits > 0; edits--)
        {
            form[draw.Random.Next(form.Length)] = (byte)draw.Random.Next(256);
        }

        return form;
    }

    private static byte[] FilePart(ReadOnlySpan<byte> file) =>
        Part($"{Disposition}\"file\"; filename=\"../../etc/passwd\"\r\nContent-Type: audio/wav\r\n", file);

    private static byte[] Part(string headers, ReadOnlySpan<byte> value) =>
        [.. HttpText.Bytes($"--{Boundary}\r\n{headers}\r\n"), .. value, .. "\r\n"u8];

    private static byte[] Form(IEnumerable<byte[]> parts) => [.. parts.SelectMany(part => part), .. HttpText.Bytes($"--{Boundary}--\r\n")];
}
