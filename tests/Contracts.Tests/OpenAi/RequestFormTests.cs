using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class RequestFormTests
{
    private static readonly byte[] Sample = new FormBytes()
        .Field("model", "hear-it")
        .File("file", "speech.wav", [0, 1, 2, 13, 10, 45, 45, 255], "audio/wav")
        .Field("timestamp_granularities[]", "word")
        .Field("timestamp_granularities[]", "segment")
        .Field("prompt", "Grüße 😀")
        .End();

    [Fact]
    public async Task ParseAsync_reads_fields_and_files_in_their_order()
    {
        var form = await FormBytes.GoodAsync(Sample);

        Assert.Equal(
            ["model", "file", "timestamp_granularities[]", "timestamp_granularities[]", "prompt"], form.Parts.Select(part => part.Name));
        Assert.Equal(["hear-it", "", "word", "segment", "Grüße 😀"], form.Parts.Select(part => part.Text));
        var file = form.Parts[1];
        Assert.Equal((true, "speech.wav", "audio/wav"), (file.IsFile, file.FileName, file.ContentType));
        Assert.Equal([0, 1, 2, 13, 10, 45, 45, 255], file.Bytes.ToArray());
    }

    [Fact]
    public async Task ParseAsync_reads_what_the_framework_writes()
    {
        using var content = new MultipartFormDataContent();
        using var text = new StringContent("hear-it");
        using var file = new ByteArrayContent([.. Enumerable.Range(0, 100_000).Select(i => (byte)i)]);
        content.Add(text, "model");
        content.Add(file, "file", "straße.wav");

        var form = await FormBytes.GoodAsync(await content.ReadAsByteArrayAsync(), content.Headers.ContentType!.ToString());

        Assert.Equal(("hear-it", "straße.wav"), (form.Parts[0].Text, form.Parts[1].FileName));
        Assert.Equal(await file.ReadAsByteArrayAsync(), form.Parts[1].Bytes.ToArray());
    }

    [Fact]
    public async Task ParseAsync_finds_the_bytes_of_1000_random_forms()
    {
        var random = new Random(20261129);
        for (var i = 0; i < 1000; i++)
        {
            var written = Enumerable.Range(0, random.Next(1, 8)).Select(_ => Value(random)).ToList();
            var bytes = new FormBytes();
            foreach (var value in written)
            {
                bytes.File("f", "x", value);
            }

            var form = await FormBytes.GoodAsync(bytes.End());

            Assert.Equal(written, form.Parts.Select(part => part.Bytes.ToArray()));
        }
    }

    [Fact]
    public async Task ParseAsync_refuses_a_form_cut_at_any_byte()
    {
        // The last two bytes end the line of the closing boundary, which is complete without them.
        for (var length = 0; length < Sample.Length - 2; length++)
        {
            var error = await FormBytes.BadAsync(Sample[..length]);

            Assert.Equal(400, error.Status);
        }
    }

    [Fact]
    public async Task ParseAsync_never_throws_for_20000_mutated_forms()
    {
        var random = new Random(20261129);
        var parsed = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var body = Mutate(random, Sample);

            var result = await FormBytes.ParseAsync(body);

            Assert.True(result.Value is null ^ result.Refusal is null);
            Assert.Equal(400, result.Refusal?.Status ?? 400);
            parsed += result.Value is null ? 0 : 1;
        }

        Assert.InRange(parsed, 400, 18_000);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=")]
    [InlineData("multipart/form-data; boundary=\"\"")]
    [InlineData("multipart/form-data; boundary=\"a\"; boundary=\"b\"")]
    [InlineData("multipart/form-data; boundary=\"a\\\"b\"")]
    [InlineData("multipart/form-data; boundary=\"tröte\"")]
    [InlineData("multipart/form-data; boundary=\"ends with a space \"")]
    [InlineData("multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")] // 71
    [InlineData("multipart/form-data; boundary=another")]
    public async Task ParseAsync_refuses_a_boundary_that_is_absent_unusable_or_another_one(string? contentType)
    {
        var result = await RequestForm.ParseAsync(Sample, contentType, CancellationToken.None);

        Assert.Equal(400, result.Refusal?.Status);
        Assert.Contains("boundary", result.Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ParseAsync_reads_128_parts_and_refuses_10000()
    {
        Assert.Equal(128, (await FormBytes.GoodAsync(Repeat(128))).Parts.Count);
        Assert.Contains("more than 128 parts", (await FormBytes.BadAsync(Repeat(129))).Message, StringComparison.Ordinal);
        Assert.Contains("more than 128 parts", (await FormBytes.BadAsync(Repeat(10_000))).Message, StringComparison.Ordinal);

        static byte[] Repeat(int count)
        {
            var bytes = new FormBytes();
            for (var i = 0; i < count; i++)
            {
                bytes.Field("a", "b");
            }

            return bytes.End();
        }
    }

    [Theory]
    [InlineData(1, 20_000_000)]
    [InlineData(17, 1)]
    [InlineData(5, 2_000)]
    public async Task ParseAsync_refuses_headers_that_are_too_many_or_too_long(int lines, int length)
    {
        var headers = string.Concat(Enumerable.Range(0, lines).Select(i => $"X-{i}: {new string('x', length)}\r\n"));
        var body = new FormBytes().Part("Content-Disposition: form-data; name=\"a\"\r\n" + headers, "b"u8).End();

        var error = await FormBytes.BadAsync(body);

        Assert.Contains("header lines", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("X: y\r\n")]
    [InlineData("Content-Disposition: attachment; name=\"a\"\r\n")]
    [InlineData("Content-Disposition: form-data\r\n")]
    [InlineData("Content-Disposition: form-data; name=\"\"\r\n")]
    [InlineData("Content-Disposition: form-data; name=\"a\r\n")]
    [InlineData("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n")]
    [InlineData("Content-Disposition: form-data; name=\"a\0b\"\r\n")]
    [InlineData("no header at all\r\n")]
    public async Task ParseAsync_refuses_a_part_without_a_plain_name(string headers) =>
        Assert.Equal(400, (await FormBytes.BadAsync(new FormBytes().Part(headers, "b"u8).End())).Status);

    [Theory]
    [InlineData("filename=\"../../etc/passwd\"", "passwd")]
    [InlineData("filename=\"C:\\\\tmp\\\\a.wav\"", "a.wav")]
    [InlineData("filename=\"/\"", "")]
    [InlineData("filename=\"\"", "")]
    [InlineData("filename=a.wav", "a.wav")]
    [InlineData("filename=\"a.wav\"; filename*=UTF-8''b%20%C3%A4.wav", "b ä.wav")]
    [InlineData("filename*=UTF-8''x%2Fy.wav", "y.wav")]
    public async Task ParseAsync_keeps_the_last_segment_of_a_file_name(string parameter, string expected)
    {
        var body = new FormBytes().Part($"Content-Disposition: form-data; name=\"file\"; {parameter}\r\n", "b"u8).End();

        var form = await FormBytes.GoodAsync(body);

        Assert.Equal(expected, form.Parts[0].FileName);
    }

    [Theory]
    [InlineData("filename*=UTF-8''a%00.wav")]
    [InlineData("filename*=UTF-8''a%0D%0Ab.wav")]
    public async Task ParseAsync_refuses_a_file_name_with_control_characters(string parameter)
    {
        var body = new FormBytes().Part($"Content-Disposition: form-data; name=\"file\"; {parameter}\r\n", "b"u8).End();

        Assert.Equal("file", (await FormBytes.BadAsync(body)).Param);
    }

    [Fact]
    public async Task ParseAsync_reads_a_file_name_of_256_characters()
    {
        Assert.Equal(256, (await FormBytes.GoodAsync(Named(256))).Parts[0].FileName!.Length);
        Assert.Equal("file", (await FormBytes.BadAsync(Named(257))).Param);

        static byte[] Named(int length) => new FormBytes().File("file", new string('a', length), "b"u8).End();
    }

    [Theory]
    [InlineData("Content-Transfer-Encoding: base64\r\n")]
    [InlineData("Content-Transfer-Encoding: quoted-printable\r\n")]
    [InlineData("Content-Type: text/plain; charset=iso-8859-1\r\n")]
    [InlineData("Content-Type: text/plain; charset=\"utf-16\"\r\n")]
    public async Task ParseAsync_names_a_field_that_is_encoded_another_way(string headers)
    {
        var body = new FormBytes().Part($"Content-Disposition: form-data; name=\"prompt\"\r\n{headers}", "b"u8).End();

        var error = await FormBytes.BadAsync(body);

        Assert.Equal(("prompt", "invalid_value"), (error.Param, error.Code));
    }

    [Theory]
    [InlineData("Content-Transfer-Encoding: Binary\r\n")]
    [InlineData("Content-Type: text/plain; charset=\"UTF-8\"\r\n")]
    [InlineData("Content-Type: text/plain; charset=us-ascii\r\n")]
    [InlineData("Content-Type: application/json\r\n")]
    public async Task ParseAsync_reads_a_field_that_states_its_plain_encoding(string headers)
    {
        var body = new FormBytes().Part($"Content-Disposition: form-data; name=\"prompt\"\r\n{headers}", "b"u8).End();

        Assert.Equal("b", (await FormBytes.GoodAsync(body)).Parts[0].Text);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("C0AF")]
    [InlineData("EDA080")]
    [InlineData("F4908080")]
    public async Task ParseAsync_names_a_field_that_is_no_UTF8(string hex)
    {
        var body = new FormBytes().Part("Content-Disposition: form-data; name=\"prompt\"\r\n", Convert.FromHexString(hex)).End();

        Assert.Equal("prompt", (await FormBytes.BadAsync(body)).Param);
    }

    [Fact]
    public async Task ParseAsync_names_a_field_above_64_KiB()
    {
        Assert.Equal(65_536, (await FormBytes.GoodAsync(Long(65_536))).Parts[0].Text.Length);
        Assert.Equal("prompt", (await FormBytes.BadAsync(Long(65_537))).Param);

        static byte[] Long(int length) => new FormBytes().Field("prompt", new string('x', length)).End();
    }

    [Fact]
    public async Task ParseAsync_takes_no_memory_for_the_bytes_of_a_file()
    {
        var body = new FormBytes().File("file", "a.wav", new byte[8_000_000]).End();
        await FormBytes.GoodAsync(body);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var form = await FormBytes.GoodAsync(body);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        Assert.Equal(8_000_000, form.Parts[0].Range.Length);
    }

    [Fact]
    public async Task The_hash_is_that_of_the_parts_without_the_boundary()
    {
        var same = new FormBytes("another").Field("model", "m").File("file", "a", [1, 2]).End();

        var hash = await HashAsync(new FormBytes().Field("model", "m").File("file", "a", [1, 2]).End());

        Assert.Equal(hash, await HashAsync(same, "another"));
        Assert.NotEqual(hash, await HashAsync(new FormBytes().Field("model", "m").File("file", "a", [1, 3]).End()));
        Assert.NotEqual(hash, await HashAsync(new FormBytes().Field("model", "m").File("file", "b", [1, 2]).End()));
        Assert.NotEqual(hash, await HashAsync(new FormBytes().Field("modelm", "").File("file", "a", [1, 2]).End()));
        Assert.NotEqual(hash, await HashAsync(new FormBytes().File("file", "a", [1, 2]).Field("model", "m").End()));
    }

    [Fact]
    public async Task A_disposed_form_gives_no_bytes()
    {
        var form = await FormBytes.GoodAsync(Sample);

        form.Dispose();

        Assert.Throws<ObjectDisposedException>(() => form.Parts[1].Bytes);
    }

    private static async Task<string> HashAsync(byte[] body, string boundary = FormBytes.Boundary)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (await FormBytes.GoodAsync(body, FormBytes.ContentType(boundary))).AppendTo(hash);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Random bytes among which line breaks and beginnings of the boundary are frequent; never the boundary itself.</summary>
    private static byte[] Value(Random random)
    {
        var value = new List<byte>();
        for (var pieces = random.Next(20); pieces > 0; pieces--)
        {
            byte[] piece = random.Next(4) switch
            {
                0 => [13, 10],
                1 => Encoding.ASCII.GetBytes($"\r\n--{FormBytes.Boundary}"[..random.Next(FormBytes.Boundary.Length + 3)]),
                2 => [(byte)random.Next(256)],
                _ => new byte[random.Next(random.Next(2) == 0 ? 20 : 20_000)],
            };
            value.AddRange(piece);
        }

        return [.. value];
    }

    private static byte[] Mutate(Random random, byte[] sample)
    {
        var body = sample.ToList();
        for (var edits = random.Next(4); edits > 0; edits--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(4))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body.RemoveRange(at, Math.Min(random.Next(40), body.Count - at));
                    break;
                case 2:
                    body.Insert(at, (byte)"\r\n-:;=\"\\\0 \t%*"[random.Next(13)]);
                    break;
                default:
                    body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(60), body.Count - at)));
                    break;
            }

            if (body.Count == 0)
            {
                break;
            }
        }

        return [.. body];
    }
}
