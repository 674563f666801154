import com.sun.tools.javac.parser.Scanner;
import com.sun.tools.javac.parser.ScannerFactory;
import com.sun.tools.javac.parser.Tokens;
import com.sun.tools.javac.util.Context;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Prints each file below a folder with the kinds of its tokens, as the compiler has them. */
final class TokenKinds {
  private TokenKinds() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files =
          all.filter(path -> path.toString().endsWith(".java"))
              .sorted()
              .collect(Collectors.toList());
    }
    for (Path file : files) {
      Scanner scanner =
          ScannerFactory.instance(new Context()).newScanner(Files.readString(file), true);
      StringBuilder kinds = new StringBuilder();
      do {
        scanner.nextToken();
        kinds.append(' ').append(scanner.token().kind.name());
      } while (scanner.token().kind != Tokens.TokenKind.EOF);
      System.out.println(folder.relativize(file).toString() + kinds);
    }
  }
}
